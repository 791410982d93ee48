//! The pipeline: state, decisions, and what events make of it.

use std::collections::BTreeSet;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{PipelineAction, PipelineCommand, PipelineError, PipelineEvent, Stage};
use crate::{StageId, Text};

/// Most live stages of a pipeline.
pub const MAX_STAGES: usize = 50;

/// A pipeline, as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Pipeline {
    /// Not created yet.
    #[default]
    Unborn,
    /// In use.
    Live {
        /// What people call it.
        name: Text<200>,
        /// The live stages in order.
        stages: Vec<Stage>,
        /// The stages that take no more deals.
        retired: BTreeSet<StageId>,
    },
}

/// A pipeline in use, on loan to a decision.
struct Live<'a> {
    name: &'a Text<200>,
    stages: &'a [Stage],
    retired: &'a BTreeSet<StageId>,
}

impl Pipeline {
    /// The live stages in order.
    pub fn stages(&self) -> &[Stage] {
        match self {
            Self::Unborn => &[],
            Self::Live { stages, .. } => stages,
        }
    }

    /// A live stage, which may take deals.
    ///
    /// # Errors
    /// [`PipelineError::NotFound`], [`PipelineError::StageRetired`], [`PipelineError::UnknownStage`].
    pub fn stage(&self, id: StageId) -> Result<&Stage, PipelineError> {
        self.live()?.stage(id)
    }

    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: PipelineCommand) -> Result<Vec<PipelineEvent>, PipelineError> {
        command.not_in_future(PipelineError::OccurredInFuture)?;
        command.not_too_early(PipelineError::OccurredTooEarly)?;
        let event = match command.action {
            PipelineAction::Create { name, stages } => Some(self.create(name, stages)?),
            PipelineAction::Rename { name } => self.live()?.rename(name),
            PipelineAction::AddStage { stage, before } => Some(self.live()?.add(stage, before)?),
            PipelineAction::RenameStage { stage, name } => self.live()?.rename_stage(stage, name)?,
            PipelineAction::ChangeProbability { stage, probability } => {
                let from = self.live()?.stage(stage)?.probability;
                let event = PipelineEvent::StageProbabilityChanged { stage, from, to: probability };
                (from != probability).then_some(event)
            }
            PipelineAction::ReorderStages { stages } => self.live()?.reorder(stages)?,
            PipelineAction::RetireStage { stage } => self.live()?.retire(stage)?,
        };
        Ok(event.into_iter().collect())
    }

    fn live(&self) -> Result<Live<'_>, PipelineError> {
        match self {
            Self::Unborn => Err(PipelineError::NotFound),
            Self::Live { name, stages, retired } => Ok(Live { name, stages, retired }),
        }
    }

    fn create(&self, name: Text<200>, stages: Vec<Stage>) -> Result<PipelineEvent, PipelineError> {
        if self.live().is_ok() {
            return Err(PipelineError::AlreadyExists);
        }
        if stages.is_empty() {
            return Err(PipelineError::LastStage);
        }
        if stages.len() > MAX_STAGES {
            return Err(PipelineError::TooManyStages);
        }
        for (index, stage) in stages.iter().enumerate() {
            let earlier = stages.iter().take(index);
            if earlier.clone().any(|other| other.id == stage.id) {
                return Err(PipelineError::StageExists);
            }
            if earlier.clone().any(|other| other.is_called(&stage.name)) {
                return Err(PipelineError::DuplicateStageName);
            }
        }
        Ok(PipelineEvent::Created { name, stages })
    }
}

impl<'a> Live<'a> {
    fn stage(&self, id: StageId) -> Result<&'a Stage, PipelineError> {
        if self.retired.contains(&id) {
            return Err(PipelineError::StageRetired);
        }
        self.stages.iter().find(|stage| stage.id == id).ok_or(PipelineError::UnknownStage)
    }

    fn rename(&self, to: Text<200>) -> Option<PipelineEvent> {
        (*self.name != to).then(|| PipelineEvent::Renamed { from: self.name.clone(), to })
    }

    fn add(&self, stage: Stage, before: Option<StageId>) -> Result<PipelineEvent, PipelineError> {
        if self.retired.contains(&stage.id) || self.stages.iter().any(|other| other.id == stage.id) {
            return Err(PipelineError::StageExists);
        }
        if self.stages.len() >= MAX_STAGES {
            return Err(PipelineError::TooManyStages);
        }
        if self.stages.iter().any(|other| other.is_called(&stage.name)) {
            return Err(PipelineError::DuplicateStageName);
        }
        before.map(|before| self.stage(before)).transpose()?;
        Ok(PipelineEvent::StageAdded { stage, before })
    }

    fn rename_stage(&self, id: StageId, to: Text<100>) -> Result<Option<PipelineEvent>, PipelineError> {
        let from = &self.stage(id)?.name;
        if self.stages.iter().any(|other| other.id != id && other.is_called(&to)) {
            return Err(PipelineError::DuplicateStageName);
        }
        let event = || PipelineEvent::StageRenamed { stage: id, from: from.clone(), to: to.clone() };
        Ok((*from != to).then(event))
    }

    fn reorder(&self, to: Vec<StageId>) -> Result<Option<PipelineEvent>, PipelineError> {
        let from: Vec<StageId> = self.stages.iter().map(|stage| stage.id).collect();
        let live: BTreeSet<StageId> = from.iter().copied().collect();
        if to.len() != from.len() || to.iter().copied().collect::<BTreeSet<_>>() != live {
            return Err(PipelineError::IncompleteOrder);
        }
        Ok((from != to).then_some(PipelineEvent::StagesReordered { from, to }))
    }

    fn retire(&self, id: StageId) -> Result<Option<PipelineEvent>, PipelineError> {
        if self.retired.contains(&id) {
            return Ok(None);
        }
        let stage = self.stage(id)?.clone();
        if self.stages.len() == 1 {
            return Err(PipelineError::LastStage);
        }
        Ok(Some(PipelineEvent::StageRetired { stage }))
    }
}

impl Aggregate for Pipeline {
    const TYPE: &'static str = "sales.pipeline";
    type Command = PipelineCommand;
    type Event = PipelineEvent;
    type Error = PipelineError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        if let PipelineEvent::Created { name, stages } = event {
            *self = Self::Live { name, stages, retired: BTreeSet::new() };
            return;
        }
        // Only a created pipeline has further events; the log cannot hold others.
        let Self::Live { name, stages, retired } = self else { return };
        match event {
            PipelineEvent::Created { .. } => {}
            PipelineEvent::Renamed { to, .. } => *name = to,
            PipelineEvent::StageAdded { stage, before } => {
                let place = stages.iter().position(|other| Some(other.id) == before);
                stages.insert(place.unwrap_or(stages.len()), stage);
            }
            PipelineEvent::StageRenamed { stage, to, .. } => {
                stages.iter_mut().filter(|s| s.id == stage).for_each(|s| s.name = to.clone());
            }
            PipelineEvent::StageProbabilityChanged { stage, to, .. } => {
                stages.iter_mut().filter(|s| s.id == stage).for_each(|s| s.probability = to);
            }
            PipelineEvent::StagesReordered { to, .. } => {
                stages.sort_by_key(|stage| to.iter().position(|id| *id == stage.id));
            }
            PipelineEvent::StageRetired { stage } => {
                stages.retain(|live| live.id != stage.id);
                retired.insert(stage.id);
            }
        }
    }
}
