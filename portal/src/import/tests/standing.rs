use chrono::Utc;
use domain::ImportId;
use domain::sales::import::ImportKind;

use super::{Files, tenant};
use crate::import::identity::{Standing, standing};
use crate::import::leads::Leads;
use crate::import::past::{Past, Progress};
use crate::import::plan::Plan;

const MAP: &str = "[fields]\nname = { column = \"n\" }\n";

fn plan(map: &str, csv: &str) -> Plan {
    Files::new(map, csv).plan::<Leads>().unwrap()
}

fn stand(plan: &Plan, past: &[Past]) -> Standing {
    standing(tenant(), ImportKind::Leads, plan, past, false).unwrap()
}

fn new_id(plan: &Plan, past: &[Past]) -> ImportId {
    let Standing::New(id) = stand(plan, past) else { panic!("it is not new") };
    id
}

fn past(id: ImportId, plan: &Plan, progress: Progress) -> Past {
    Past {
        id,
        kind: ImportKind::Leads,
        file: "rows.csv".into(),
        sha256: plan.file_sha256.clone(),
        rows: 1,
        started_at: Utc::now(),
        progress,
    }
}

const FINISHED: Progress = Progress::Finished { accepted: 1, rejected: 0 };
const UNDONE: Progress = Progress::Undone { withdrawn: 1, kept: 0 };

#[test]
fn the_id_of_an_import_depends_on_all_that_its_rows_become() {
    let base = new_id(&plan(MAP, "n\na\n"), &[]);
    assert_eq!(new_id(&plan(MAP, "n\na\n"), &[]), base);
    assert_ne!(new_id(&plan(MAP, "n\nb\n"), &[]), base);
    assert_ne!(new_id(&plan(&format!("{MAP}#"), "n\na\n"), &[]), base);
    let joined = format!("{MAP}[[join]]\nfile = \"j.csv\"\non = \"n\"\nkey = \"n\"\n");
    let with = |content: &str| {
        let files = Files::new(&joined, "n\na\n").with("j.csv", content);
        new_id(&files.plan::<Leads>().unwrap(), &[])
    };
    assert_ne!(with("n\na\n"), with("n\nb\n"));
    let other = standing(tenant(), ImportKind::Opportunities, &plan(MAP, "n\na\n"), &[], false).unwrap();
    assert_ne!(other, Standing::New(base));
}

#[test]
fn an_unfinished_import_goes_on_a_finished_one_is_not_repeated_an_undone_one_makes_way() {
    let plan = plan(MAP, "n\na\n");
    let first = new_id(&plan, &[]);
    let running = past(first, &plan, Progress::Unfinished);
    assert_eq!(stand(&plan, &[running]), Standing::Interrupted(first));
    let finished = past(first, &plan, FINISHED);
    assert_eq!(stand(&plan, std::slice::from_ref(&finished)), Standing::Finished(finished));
    let second = new_id(&plan, &[past(first, &plan, UNDONE)]);
    assert_ne!(second, first);
    let both = [past(first, &plan, UNDONE), past(second, &plan, Progress::Unfinished)];
    assert_eq!(stand(&plan, &both), Standing::Interrupted(second));
}

#[test]
fn the_same_file_with_another_map_is_refused_unless_it_is_meant() {
    let (old, new) = (plan(MAP, "n\na\n"), plan(&format!("{MAP}#"), "n\na\n"));
    let id = new_id(&old, &[]);
    for progress in [FINISHED, Progress::Unfinished] {
        let before = [past(id, &old, progress)];
        let refusal = standing(tenant(), ImportKind::Leads, &new, &before, false).unwrap_err();
        assert!(refusal.to_string().contains(&format!("crm import undo {id}")), "{refusal}");
        assert!(standing(tenant(), ImportKind::Leads, &new, &before, true).is_ok());
    }
    assert!(standing(tenant(), ImportKind::Leads, &new, &[past(id, &old, UNDONE)], false).is_ok());
}
