//! Showing once more who one is, to the tenant's provider.

use access::provider::subject_digest;
use access::second_factor::Proof as Factor;
use axum::http::HeaderMap;
use edge::{Answer, Problem};

use super::body::ProviderStepUpIn;
use super::commands::Resumed;
use super::person::{known, refused};
use crate::CommandApi;
use crate::identity::session::{OwnSession, SteppedUp, stepped_up, user};

/// Gives whoever is signed in an access token that is good for more, if the provider, which asked anew, names them.
pub(super) async fn complete(
    app: &CommandApi,
    own: &OwnSession,
    headers: &HeaderMap,
    sent: ProviderStepUpIn,
) -> Result<Answer<SteppedUp>, Problem> {
    let federation = app.issuer().and_then(|issuer| issuer.federation())?;
    let admitted = federation.admit(own.identity().tenant, own.circumstances().address).await?;
    let resumed = Resumed::take(app, headers, &sent.state, Some(own.session())).await?;
    let issuer = &resumed.settings.issuer;
    let vouched = match resumed.begun.named() {
        Some(_) => false,
        None => {
            let since = Some(resumed.begun.made_at);
            let person = resumed.redeem(app, &sent.code, sent.iss.as_deref(), since).await?;
            let digest = subject_digest(issuer.as_str(), &person.subject);
            let named = known(app, own.circumstances(), resumed.tenant, issuer, &digest).await?;
            if named.is_none_or(|named| named.id != own.user().as_uuid()) {
                return Err(refused(own.circumstances(), "provider.another_user").into());
            }
            resumed.settings.vouches_for(&person.methods)
        }
    };
    let user = user(app, resumed.tenant, own.user()).await?;
    let factor = Factor { code: sent.second_factor_code, recovery_code: sent.recovery_code };
    resumed.check_factor(app, own.circumstances(), &user, vouched, &factor).await?;
    federation.right(&admitted);
    stepped_up(app, own, &user).await
}
