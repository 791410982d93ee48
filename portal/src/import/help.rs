//! What `--help` teaches about maps.

/// After the options of `crm import opportunities`.
pub const DEALS: &str = r#"The map is a TOML file:

  [source]
  key = "id"                           # the column that identifies a row; else its line does

  [[join]]                             # teams.csv lies beside the map, or in --join-dir
  file = "teams.csv"
  on = "agent"                         # this column of the file ...
  key = "agent"                        # ... refers to that one of teams.csv

  [corrections]
  product = { "GTXPro" = "GTX Pro" }   # before anything else looks at the column

  [fields]
  name = { template = "{product} for {account}" }
  product = { column = "product" }
  owner = { column = "agent" }
  amount = { column = "value", currency = "USD" }
  stage = { column = "stage", values = { "Engaging" = "Qualified" }, empty = ["Won", "Lost"] }
  outcome = { column = "stage", values = { "Won" = "won", "Lost" = "lost", "Engaging" = "" } }
  opened_at = { column = "engaged", format = ["%Y-%m-%d", "%d.%m.%Y"] }
  closed_at = { column = "closed" }
  lost_reason = { value = "Not recorded" }

  [custom]
  manager = { column = "teams.manager" }

  crm import opportunities deals.csv --map deals.toml --dry-run

Fields: name, owner, account, product, source, amount, stage, probability, expected_close, opened_at, outcome (won,
lost or empty), closed_at, won_amount, lost_reason, notes; of these only the name is needed. Start it again after an
interruption, and it goes on. It ends with 0 if all rows came in, and with 2 if some were rejected.
docs/IMPORT.md explains it all; `crm import undo` takes it back."#;

/// After the options of `crm import leads`.
pub const LEADS: &str = r#"The map is a TOML file:

  empty = ["Select"]                   # such cells stand for nothing, as empty ones do

  [source]
  delimiter = ";"
  key = "id"                           # the column that identifies a row; else its line does

  [fields]
  name = { template = ["{first} {last}", "Lead {id}"] }        # the first one without an empty column
  email = { column = "e-mail" }
  captured_at = { column = "created", format = "%d.%m.%Y %H:%M" }
  status = { column = "interested", values = { "yes" = "qualified", "no" = "open" } }
  score = { value = 50 }               # what qualified leads get

  [custom]
  do_not_call = { column = "Do Not Call", type = "flag" }
  visits = { column = "Visits", type = "number" }

  crm import leads leads.csv --map leads.toml --dry-run

Fields: name, company, email, phone, source, owner, captured_at, status (open, qualified, disqualified), status_at,
score, disqualified_reason, notes; of these only the name is needed. Start it again after an interruption, and it goes
on. It ends with 0 if all rows came in, and with 2 if some were rejected. docs/IMPORT.md explains it all;
`crm import undo` takes it back."#;
