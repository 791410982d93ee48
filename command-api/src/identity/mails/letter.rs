//! What mails say. Of what strangers typed, nothing is in a mail to somebody else: whoever has not shown yet that mail reaches them
//! there is greeted without a name, and a name that is more than one is none.

use std::time::Duration;

use access::{LinkToken, Purpose};
use domain::Text;
use domain::identity::user::Account;
use mail::Letter;

/// Characters and words of the longest name that somebody is greeted by.
const LONGEST_NAME: usize = 50;
const MOST_WORDS: usize = 5;

/// Who gets a letter, and what the user is called.
pub(super) struct To<'a> {
    pub address: &'a str,
    pub name: Option<&'a str>,
}

impl<'a> To<'a> {
    /// Who has an account; nobody once they are erased.
    pub fn of(account: &'a Account) -> Option<Self> {
        let address = account.email.reveal()?.as_str();
        Some(Self { address, name: account.name.reveal().map(Text::as_str) })
    }
}

/// Where a link of a purpose leads, below the public URL; and the route that it is for.
const fn places(purpose: Purpose) -> (&'static str, &'static str) {
    match purpose {
        Purpose::Invitation => ("accept", "invitations/accept"),
        Purpose::PasswordReset => ("reset", "password-resets/complete"),
        Purpose::EmailChange => ("confirm-email", "email/confirm"),
        Purpose::SignUp => ("sign-up", "sign-ups/complete"),
    }
}

/// The link that a token makes. The token is in the fragment: no browser sends it to the server of the page, nor to one that the page
/// asks for something.
pub fn link(public_url: &str, purpose: Purpose, token: &LinkToken) -> String {
    format!("{public_url}/{}#token={}", places(purpose).0, token.reveal())
}

/// A letter with a link.
pub(super) fn with_link(public_url: &str, to: &To<'_>, purpose: Purpose, token: &LinkToken) -> Letter {
    let (subject, said, unasked) = match purpose {
        Purpose::Invitation => (
            "Your account in the CRM",
            "an account in the CRM was opened for you. Please choose a password",
            "If you do not know why you got this mail, leave it alone: nothing happens.",
        ),
        Purpose::PasswordReset => (
            "A new password for the CRM",
            "somebody, most likely you, asked for a new password for your account in the CRM. Please choose one",
            "If it was not you, leave this mail alone: your password stays what it is.",
        ),
        Purpose::EmailChange => (
            "Your new e-mail address in the CRM",
            "this address is to be that of your account in the CRM. Please confirm it",
            "If you did not ask for that, leave this mail alone: nothing changes.",
        ),
        Purpose::SignUp => (
            "Your CRM",
            "somebody, most likely you, wants to begin with the CRM by this address. Please confirm it and choose a password",
            "If it was not you, leave this mail alone: nothing happens.",
        ),
    };
    let url = link(public_url, purpose, token);
    let route = places(purpose).1;
    let body = match purpose {
        Purpose::EmailChange => format!("{{\"token\": \"{}\"}}", token.reveal()),
        Purpose::Invitation | Purpose::PasswordReset | Purpose::SignUp => {
            format!("{{\"token\": \"{}\", \"password\": \"...\"}}", token.reveal())
        }
    };
    let newest = if purpose.keeps_earlier() { "" } else { ", and only the newest one is" };
    let text = format!(
        "{}\n\n{said} within {}:\n\n{url}\n\n\
         The link is good for one use{newest}. Without the web app it is:\n\n\
         curl {public_url}/api/v1/{route} -H 'Content-Type: application/json' \\\n  -d '{body}'\n\n\
         {unasked}\n",
        greeting(to),
        in_words(purpose.ttl()),
    );
    Letter { to: to.address.to_owned(), subject: subject.to_owned(), text, link: Some(url) }
}

/// To the address of before, when another one is asked for.
pub(super) fn email_notice(to: &To<'_>) -> Letter {
    let text = format!(
        "{}\n\nsomebody who is signed in to your account in the CRM asked for another e-mail address for it. It takes the \
         place of this one as soon as mail to it is confirmed.\n\nIf that was you, there is nothing to do here. If not, \
         change your password now: that ends all sessions, and the change of the address with them.\n",
        greeting(to)
    );
    Letter {
        to: to.address.to_owned(),
        subject: "Another e-mail address for your account in the CRM".to_owned(),
        text,
        link: None,
    }
}

fn greeting(to: &To<'_>) -> String {
    let name = to.name.filter(|name| is_name(name));
    name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"))
}

/// Whether it can be nothing but a name: a few words of letters, and neither an address nor a number to call.
fn is_name(text: &str) -> bool {
    let part = |c: char| c.is_alphabetic() || matches!(c, '-' | '\'' | '’');
    // Initials have a point at their end; within a word it would make it the name of a machine.
    let word =
        |word: &str| word.trim_end_matches('.').chars().all(part) && word.chars().any(char::is_alphabetic);
    text.chars().count() <= LONGEST_NAME && text.split(' ').all(word) && text.split(' ').count() <= MOST_WORDS
}

fn in_words(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0..120 => format!("{minutes} minutes"),
        120..2_880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 60 / 24),
    }
}

#[cfg(test)]
mod tests {
    use domain::TenantId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_more_than_a_name_is_not_in_a_letter() {
        for name in ["Grace Hopper", "J. R. R. Tolkien", "Conan O'Brien", "José María-Núñez", "李小龙"]
        {
            assert_eq!(greeting(&To { address: "", name: Some(name) }), format!("Hello {name},"));
        }
        for text in [
            "Your account is locked, go to evil.example",
            "evil.example",
            "http://evil.example",
            "call 0800 123",
            "<b>Grace</b>",
            "Grace\nHopper",
            "Grace  Hopper",
            "help@evil.example",
            "please do call this friend of mine now",
            "",
            &"a".repeat(51),
        ] {
            assert_eq!(greeting(&To { address: "", name: Some(text) }), "Hello,", "{text}");
        }
    }

    #[test]
    fn a_letter_tells_what_to_do_until_when_and_what_if_it_was_somebody_else() {
        let token = LinkToken::fresh(TenantId::from_uuid(Uuid::from_u128(7))).unwrap();
        let to = To { address: "grace@engines.example", name: Some("Grace Hopper") };
        for (purpose, time, path) in [
            (Purpose::Invitation, "within 7 days", "/accept"),
            (Purpose::PasswordReset, "within 30 minutes", "/reset"),
            (Purpose::EmailChange, "within 24 hours", "/confirm-email"),
            (Purpose::SignUp, "within 24 hours", "/sign-up"),
        ] {
            let letter = with_link("https://crm.example", &to, purpose, &token);
            let url = format!("https://crm.example{path}#token={}\n", token.reveal());
            for part in ["Hello Grace Hopper,\n", time, url.as_str(), "leave"] {
                assert!(letter.text.contains(part), "{part}: {}", letter.text);
            }
            assert_eq!(letter.link.as_deref(), Some(url.trim_end()));
        }
    }

    /// What a server is asked for is what stands before `#` (RFC 9110, section 7.1).
    #[test]
    fn no_server_is_asked_for_the_token_of_a_link() {
        let token = LinkToken::fresh(TenantId::from_uuid(Uuid::from_u128(7))).unwrap();
        for purpose in [Purpose::Invitation, Purpose::PasswordReset, Purpose::EmailChange, Purpose::SignUp] {
            let link = link("https://crm.example", purpose, &token);
            let (asked, rest) = link.split_once('#').unwrap();
            assert!(!asked.contains(&token.reveal()) && !asked.contains('?'), "{purpose:?}");
            assert_eq!(rest, format!("token={}", token.reveal()));
        }
    }
}
