//! Imports: a map, a file of rows, and a file to join, with a line of four dashes between them. Rows become leads if the
//! map begins by `# leads`, and opportunities else. Rows alone are read by the map of the example.
#![no_main]

use crm::fuzzing::{Files, import_leads, import_opportunities};
use libfuzzer_sys::fuzz_target;

const BETWEEN: &[u8] = b"\n----\n";
const DEALS: &[u8] = include_bytes!("../../../docs/examples/deals.toml");
const TEAMS: &[u8] = include_bytes!("../../../docs/examples/teams.csv");

fuzz_target!(|data: &[u8]| {
    let files = match split(data) {
        (rows, None) => Files { map: DEALS, rows, joined: TEAMS },
        (map, Some(rest)) => {
            let (rows, joined) = split(rest);
            Files { map, rows, joined: joined.unwrap_or(TEAMS) }
        }
    };
    if files.map.starts_with(b"# leads") {
        import_leads(&files)
    } else {
        import_opportunities(&files)
    };
});

fn split(data: &[u8]) -> (&[u8], Option<&[u8]>) {
    match data.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        None => (data, None),
        Some(at) => (&data[..at], Some(&data[at + BETWEEN.len()..])),
    }
}
