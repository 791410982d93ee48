//! The beginning and the end of signing in on the word of a provider.

use access::second_factor::Proof as Factor;
use access::vault::{Begun, SIGN_IN};
use access::{BrowserSecret, SignInState};
use axum::http::{HeaderMap, HeaderValue};
use chrono::{DateTime, Utc};
use domain::identity::provider::Settings;
use domain::identity::user::User;
use domain::{SessionId, TenantId};
use edge::cookie;
use event_store::Loaded;
use openid::{Answer, Asked, Client, Person, Proof, ProviderError};

use super::body::{ProviderAnswerIn, SignInBegun};
use super::person::{let_in, refused};
use crate::CommandApi;
use crate::identity::provider::provider;
use crate::identity::session::{Circumstances, SessionTokens, Word, open, user};
use crate::identity::{Refusal, second_factor};

/// A sign-in that goes on here, once.
pub(super) struct Resumed {
    pub tenant: TenantId,
    pub settings: Settings,
    pub begun: Begun,
    state: SignInState,
    browser: BrowserSecret,
    session: Option<SessionId>,
}

/// Begins a sign-in; of a session, it is of somebody who shows anew who they are.
pub(super) async fn begin(
    app: &CommandApi,
    circumstances: &Circumstances,
    tenant: TenantId,
    session: Option<SessionId>,
) -> Result<(SignInBegun, BrowserSecret), Refusal> {
    let (issuer, federation) = (app.issuer()?, app.issuer()?.federation()?);
    issuer.signer()?;
    circumstances.asker.claims(tenant, None, None);
    federation.admit(tenant, circumstances.address).await?;
    let provider = provider(app, tenant).await?;
    let settings = provider.state.settings.ok_or(Refusal::NoProvider)?;
    let client = client(app, tenant, &settings).await?;
    let (state, browser) = (SignInState::fresh(tenant)?, BrowserSecret::fresh()?);
    let proof = proof(&state, &browser);
    let asked = Asked { client: &client, state: state.reveal(), proof: &proof, anew: session.is_some() };
    let authorization_url = federation.providers().url(asked).await?;
    issuer.vault().begin_sign_in(&state, &browser, provider.sequence, session).await?;
    Ok((SignInBegun { authorization_url, expires_in: SIGN_IN.as_secs() }, browser))
}

/// Ends a sign-in: whomever the provider names has a session, if they are let in.
pub(super) async fn complete(
    app: &CommandApi,
    circumstances: &Circumstances,
    headers: &HeaderMap,
    sent: ProviderAnswerIn,
) -> Result<SessionTokens, Refusal> {
    let federation = app.issuer()?.federation()?;
    circumstances.asker.claims(sent.tenant_id, None, None);
    let admitted = federation.admit(sent.tenant_id, circumstances.address).await?;
    let resumed = Resumed::take(app, headers, &sent.state, None).await?;
    if resumed.tenant != sent.tenant_id {
        return Err(Refusal::SignInOver);
    }
    let (user, vouched) = match resumed.begun.named() {
        Some(id) => (user(app, resumed.tenant, id).await?, false),
        None => {
            let person = resumed.redeem(app, &sent.code, sent.iss.as_deref(), None).await?;
            let vouched = resumed.settings.vouches_for(&person.methods);
            (let_in(app, circumstances, resumed.tenant, &resumed.settings, &person).await?, vouched)
        }
    };
    circumstances.asker.claims(resumed.tenant, Some(user.id.to_string()), None);
    if !user.state.is_active() {
        return Err(refused(circumstances, "user.disabled"));
    }
    if user.state.provider_link(&resumed.settings.issuer).is_none() {
        return Err(refused(circumstances, "user.unlinked"));
    }
    let factor = Factor { code: sent.second_factor_code, recovery_code: sent.recovery_code };
    resumed.check_factor(app, circumstances, &user, vouched, &factor).await?;
    federation.right(&admitted);
    let word = Word::Provider { terms: resumed.begun.version, second_factor: vouched };
    open(app, circumstances, &user, word).await
}

/// The cookie that a sign-in ends with where it began.
pub(super) fn kept(browser: &BrowserSecret) -> HeaderValue {
    cookie::keep(cookie::SIGN_IN, &browser.reveal(), SIGN_IN)
}

impl Resumed {
    /// Takes a sign-in up where it was left. It is spent by that, whatever comes of it.
    pub async fn take(
        app: &CommandApi,
        headers: &HeaderMap,
        state: &str,
        session: Option<SessionId>,
    ) -> Result<Self, Refusal> {
        let issuer = app.issuer()?;
        let state = SignInState::parse(state).ok_or(Refusal::SignInOver)?;
        let browser = cookie::read(headers, cookie::SIGN_IN).ok().flatten();
        let browser = browser.and_then(BrowserSecret::parse).ok_or(Refusal::SignInOver)?;
        let begun = issuer.vault().take_sign_in(&state, &browser, session).await?;
        let (begun, tenant) = (begun.ok_or(Refusal::SignInOver)?, state.tenant());
        let provider = provider(app, tenant).await?;
        // Whoever changed the terms meant those who are under way, too.
        let settings = provider.state.settings.filter(|_| provider.sequence == begun.version);
        Ok(Self { tenant, settings: settings.ok_or(Refusal::SignInOver)?, begun, state, browser, session })
    }

    /// Whom the provider names.
    pub async fn redeem(
        &self,
        app: &CommandApi,
        code: &str,
        sender: Option<&str>,
        anew_since: Option<DateTime<Utc>>,
    ) -> Result<Person, Refusal> {
        let client = client(app, self.tenant, &self.settings).await?;
        let proof = proof(&self.state, &self.browser);
        let answer = Answer { code, issuer: sender, proof: &proof, anew_since };
        Ok(app.issuer()?.federation()?.providers().redeem(&client, answer, app.now()).await?)
    }

    /// Asks for the user's own second factor, unless the provider vouches for one. Whoever lacks it goes on where they were.
    pub async fn check_factor(
        &self,
        app: &CommandApi,
        circumstances: &Circumstances,
        user: &Loaded<User>,
        vouched: bool,
        factor: &Factor,
    ) -> Result<(), Refusal> {
        if vouched {
            return Ok(());
        }
        let checked = second_factor::check(app, circumstances, user, factor).await;
        if let Err(
            Refusal::SecondFactorRequired | Refusal::SecondFactor | Refusal::Throttled(_) | Refusal::Untold,
        ) = &checked
        {
            let vault = app.issuer()?.vault();
            let id = user.id.into();
            vault.put_back_sign_in(&self.state, &self.browser, &self.begun, self.session, id).await?;
        }
        checked
    }
}

/// The portal at the provider of a tenant.
async fn client(app: &CommandApi, tenant: TenantId, settings: &Settings) -> Result<Client, Refusal> {
    let secret = app.issuer()?.vault().client_secret(tenant, settings.secret).await?;
    Ok(Client {
        issuer: settings.issuer.as_str().to_owned(),
        client_id: settings.client_id.as_str().to_owned(),
        client_secret: secret.ok_or(ProviderError::Unfit("its client secret is gone"))?,
        redirect_uri: app.issuer()?.federation()?.redirect_uri(tenant),
    })
}

fn proof(state: &SignInState, browser: &BrowserSecret) -> Proof {
    Proof { nonce: browser.nonce(state), verifier: browser.verifier(state) }
}
