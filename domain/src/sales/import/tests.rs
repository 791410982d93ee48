use super::fixtures::{finished, source, started, undone};
use super::{Import, ImportAction, ImportError, ImportEvent, Source};
use crate::fixtures::text;
use crate::testing::{given, on};

fn decide(
    events: impl IntoIterator<Item = ImportEvent>,
    action: ImportAction,
) -> Result<Vec<ImportEvent>, ImportError> {
    given::<Import>(events).decide(on(10, action))
}

const FINISH: ImportAction = ImportAction::Finish { accepted: 117, rejected: 3 };
const UNDO: ImportAction = ImportAction::Undo { withdrawn: 115, kept: 2 };

#[test]
fn an_import_starts() {
    assert_eq!(decide([], ImportAction::Start(source())), Ok(vec![started()]));
}

#[test]
fn an_interrupted_import_is_taken_up_again_quietly_with_the_same_file() {
    assert_eq!(decide([started()], ImportAction::Start(source())), Ok(vec![]));
    let another = Source { sha256: text("another"), ..source() };
    assert_eq!(decide([started()], ImportAction::Start(another)), Err(ImportError::AnotherFile));
}

#[test]
fn an_import_that_is_over_does_not_start_again() {
    let start = ImportAction::Start(source());
    assert_eq!(decide([started(), finished()], start.clone()), Err(ImportError::Finished));
    assert_eq!(decide([started(), finished(), undone()], start), Err(ImportError::Finished));
}

#[test]
fn a_running_import_finishes_once() {
    assert_eq!(decide([started()], FINISH), Ok(vec![finished()]));
    assert_eq!(decide([started(), finished()], FINISH), Ok(vec![]));
    let other = ImportAction::Finish { accepted: 1, rejected: 119 };
    assert_eq!(decide([started(), finished()], other), Err(ImportError::Finished));
    assert_eq!(decide([started(), finished(), undone()], FINISH), Err(ImportError::Finished));
    assert_eq!(decide([], FINISH), Err(ImportError::NotFound));
}

#[test]
fn a_finished_import_is_undone_once() {
    assert_eq!(decide([started(), finished()], UNDO), Ok(vec![undone()]));
    assert_eq!(decide([started(), finished(), undone()], UNDO), Ok(vec![]));
    assert_eq!(decide([started()], UNDO), Err(ImportError::Running));
    assert_eq!(decide([], UNDO), Err(ImportError::NotFound));
}

#[test]
fn an_import_does_not_happen_in_the_future() {
    assert_eq!(Import::default().decide(on(31, FINISH)), Err(ImportError::OccurredInFuture));
}
