//! What people in sales do, as it is told to the aggregates.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use cqrs_es::Aggregate;
use domain::fixtures::{percent, text};
use domain::identity::custom_role::{CustomRole, CustomRoleAction};
use domain::identity::provider::{Provider, ProviderAction, provider_id};
use domain::identity::session::{Session, SessionAction};
use domain::identity::team::{Team, TeamAction};
use domain::identity::user::{User, UserAction};
use domain::sales::lead::{Lead, LeadAction, NewLead};
use domain::sales::opportunity::{Direction, NewOpportunity, Opportunity, OpportunityAction};
use domain::sales::pipeline::{Pipeline, PipelineAction, Stage};
use domain::{
    Command, Currency, CustomFields, CustomRoleId, LeadId, Money, OpportunityId, PipelineId, SessionId,
    StageId, TeamId, Text, UserId,
};
use uuid::Uuid;

use crate::world::World;

/// A pipeline of three stages of 10, 50 and 80 %.
pub struct Stages {
    pub pipeline: PipelineId,
    pub ids: [StageId; 3],
}

pub const PROBABILITIES: [u8; 3] = [10, 50, 80];
pub const NAMES: [&str; 3] = ["Prospect", "Proposal", "Negotiation"];

pub fn new_id<K>() -> domain::Id<K> {
    domain::Id::from_uuid(Uuid::now_v7())
}

/// An hour of a day of 2025.
pub fn at(month: u32, day: u32, hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, month, day, hour, 0, 0).single().unwrap()
}

pub fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + Duration::hours(12)
}

pub fn money(amount: &str, currency: &str) -> Money {
    Money::parse(amount, Currency::parse(currency).unwrap()).unwrap()
}

pub fn maybe<const MAX: usize>(value: Option<&str>) -> Option<Text<MAX>> {
    value.map(text)
}

/// What an aggregate answers: events, or the rule that refuses.
type Decided<A> = Result<Vec<<A as Aggregate>::Event>, <A as Aggregate>::Error>;

impl World {
    /// Sets up the pipeline.
    pub async fn pipeline(&self) -> Stages {
        let stages = Stages { pipeline: new_id(), ids: [new_id(), new_id(), new_id()] };
        let stage = |index: usize| Stage {
            id: stages.ids[index],
            name: text(NAMES[index]),
            probability: percent(PROBABILITIES[index]),
        };
        let stages_of = (0..3).map(stage).collect();
        let create = PipelineAction::Create { name: text("Sales"), stages: stages_of };
        self.tell_pipeline(stages.pipeline, create).await;
        stages
    }

    pub async fn tell_pipeline(&self, id: PipelineId, action: PipelineAction) -> i64 {
        self.tell(id.into(), Utc::now(), action, Pipeline::decide).await
    }

    pub async fn tell_lead(&self, id: LeadId, when: DateTime<Utc>, action: LeadAction) -> i64 {
        self.tell(id.into(), when, action, Lead::decide).await
    }

    pub async fn tell_deal(&self, id: OpportunityId, when: DateTime<Utc>, action: OpportunityAction) -> i64 {
        self.tell(id.into(), when, action, Opportunity::decide).await
    }

    pub async fn tell_user(&self, id: UserId, when: DateTime<Utc>, action: UserAction) -> i64 {
        self.tell(id.into(), when, action, User::decide).await
    }

    pub async fn tell_role(&self, id: CustomRoleId, when: DateTime<Utc>, action: CustomRoleAction) -> i64 {
        self.tell(id.into(), when, action, CustomRole::decide).await
    }

    pub async fn tell_team(&self, id: TeamId, when: DateTime<Utc>, action: TeamAction) -> i64 {
        self.tell(id.into(), when, action, Team::decide).await
    }

    pub async fn tell_provider(&self, when: DateTime<Utc>, action: ProviderAction) -> i64 {
        self.tell(provider_id(self.tenant), when, action, Provider::decide).await
    }

    pub async fn tell_session(&self, id: SessionId, when: DateTime<Utc>, action: SessionAction) -> i64 {
        self.tell(id.into(), when, action, Session::decide).await
    }

    /// Appends what an aggregate decides on an action of that time; tells the position.
    pub async fn tell<A: Aggregate + Clone + 'static, C>(
        &self,
        id: Uuid,
        when: DateTime<Utc>,
        action: C,
        decide: fn(&A, Command<C>) -> Decided<A>,
    ) -> i64 {
        let loaded = self.store.load::<A>(self.tenant.into(), id).await.unwrap();
        let command = Command { occurred_at: when, now: Utc::now(), action };
        let mut change = self.change("sam", when);
        change.record(&loaded, decide(&loaded.state, command).unwrap()).unwrap();
        self.commit(change).await
    }

    /// Captures a lead that has nothing but a name.
    pub async fn lead(&self, name: &str) -> LeadId {
        let id = new_id();
        self.tell_lead(id, at(3, 1, 9), LeadAction::Capture(Box::new(new_lead(name)))).await;
        id
    }

    /// Opens a deal that has nothing but a name, in the first stage.
    pub async fn deal(&self, stages: &Stages, name: &str) -> OpportunityId {
        let id = new_id();
        self.tell_deal(id, at(3, 1, 9), open(new_deal(stages, name))).await;
        id
    }
}

pub fn new_lead(name: &str) -> NewLead {
    NewLead {
        name: text::<200>(name).into(),
        company: None,
        email: None,
        phone: None,
        source: None,
        owner: None,
        custom: CustomFields::default(),
    }
}

pub fn new_deal(stages: &Stages, name: &str) -> NewOpportunity {
    NewOpportunity {
        name: text(name),
        pipeline: stages.pipeline,
        stage: stages.ids[0],
        probability: percent(PROBABILITIES[0]),
        amount: None,
        expected_close: None,
        product: None,
        account: None,
        owner: None,
        source: None,
        lead: None,
        custom: CustomFields::default(),
    }
}

pub fn open(new: NewOpportunity) -> OpportunityAction {
    OpportunityAction::Open(Box::new(new))
}

/// A move between the stages of these places.
pub fn step(stages: &Stages, from: usize, to: usize) -> OpportunityAction {
    OpportunityAction::Move {
        to: stages.ids[to],
        probability: percent(PROBABILITIES[to]),
        direction: if to > from { Direction::Forward } else { Direction::Back },
    }
}

pub fn win(amount: &str, currency: &str) -> OpportunityAction {
    OpportunityAction::Win { amount: Some(money(amount, currency)) }
}

pub fn lose() -> OpportunityAction {
    OpportunityAction::Lose { reason: text("Too dear") }
}

pub fn reopen(stages: &Stages, to: usize) -> OpportunityAction {
    OpportunityAction::Reopen { stage: stages.ids[to], probability: percent(PROBABILITIES[to]) }
}

/// Numbers that look random and are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    /// From 0 up to but not including `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let sides = u64::try_from(items.len()).unwrap();
        items[usize::try_from(self.roll(sides)).unwrap()]
    }
}
