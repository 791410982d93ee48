//! Words that whoever guesses at a password tries first, since they know where it is for and whose it is.

use super::{NotAPassword, Password};

/// What this product is called.
const PRODUCT: &str = "CRM Portal";

/// Letters of a word that a password must not contain. Many a word contains a shorter one by chance, such as `canada` that of Ada.
const LONG: usize = 4;

/// The words of where a password is for and of whose it is: each of them alone, and those of one name together.
#[derive(Clone, Default)]
pub struct ContextWords {
    long: Vec<String>,
    short: Vec<String>,
}

impl ContextWords {
    /// Those of the product, and of some names and addresses.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words = Self::default();
        for name in [PRODUCT].into_iter().chain(names) {
            words.add(name);
            // Of an address, what stands before the sign; the rest is where many others are, too.
            let own = name.rsplit_once('@').map_or(name, |(local, _)| local);
            words.add(own);
            own.split(|sign: char| !sign.is_alphanumeric()).for_each(|part| words.add(part));
        }
        words
    }

    fn add(&mut self, word: &str) {
        let word = bare(word, Signs::Nothing);
        match word.chars().count() {
            0 | 1 => {}
            count if count < LONG => self.short.push(word),
            _ => self.long.push(word),
        }
    }

    /// Refuses a password that contains one of the words, also in another case, with signs in between, or with digits and signs
    /// for letters; and one that is nothing but short words, digits and signs.
    ///
    /// # Errors
    /// [`NotAPassword::Context`].
    pub fn check(&self, password: &Password) -> Result<(), NotAPassword> {
        let forms = [Signs::Nothing, Signs::Letters].map(|signs| bare(password.as_str(), signs));
        let is_in = |word: &String| forms.iter().any(|form| form.contains(word.as_str()));
        if self.long.iter().any(is_in) || self.is_short(password.as_str()) {
            return Err(NotAPassword::Context);
        }
        Ok(())
    }

    /// Whether short words are all the letters that there are.
    fn is_short(&self, password: &str) -> bool {
        let letters: String = password.chars().filter(|sign| sign.is_alphabetic()).collect();
        let letters = bare(&letters, Signs::Nothing);
        let rest = self.short.iter().fold(letters.clone(), |rest, word| rest.replace(word.as_str(), ""));
        rest.is_empty() && !letters.is_empty()
    }
}

/// What signs are taken for.
#[derive(Clone, Copy)]
enum Signs {
    Nothing,
    Letters,
}

/// A text in lower case, with the letters that digits stand for, and signs if they do. What looks alike is the same.
fn bare(text: &str, signs: Signs) -> String {
    let letter = |sign: char| match (sign, signs) {
        ('!' | '|', Signs::Letters) | ('1' | 'l', _) => 'i',
        ('€', Signs::Letters) | ('3', _) => 'e',
        ('@', Signs::Letters) | ('4', _) => 'a',
        ('$', Signs::Letters) | ('5', _) => 's',
        ('0', _) => 'o',
        ('7', _) => 't',
        ('8', _) => 'b',
        _ => sign,
    };
    text.to_lowercase().chars().map(letter).filter(|sign| sign.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(names: &[&str], text: &str) -> bool {
        let password = Password::choose(text).unwrap();
        ContextWords::of(names.iter().copied()).check(&password) == Err(NotAPassword::Context)
    }

    #[test]
    fn names_of_the_product_the_company_and_the_user_are_refused_however_they_are_dressed_up() {
        let names = ["Example Engines GmbH", "Grace Hopper", "g.hopper_06@mail.example"];
        for bad in [
            "crm-portal-2026",
            "CRMportal!",
            "my p0rt4l key",
            "ExampleEngines1",
            "3x4mple and more",
            "e.n.g.i.n.e.s",
            "Hopper1906",
            "gr@ce-gr@ce",
            "GRACE is here",
            "h0pp3r h0pp3r",
            "porta1 portal",
            "crm12345678",
            "CRM-crm-2026",
        ] {
            assert!(refused(&names, bad), "{bad}");
        }
        for good in ["correct horse", "8375837583", "mail of today", "crmson sunset", "ghmb egniens"] {
            assert!(!refused(&names, good), "{good}");
        }
    }

    #[test]
    fn a_short_name_is_refused_alone_and_not_inside_of_other_words() {
        assert!(refused(&["Ada", "ada@engines.example"], "ada_2026!"));
        assert!(refused(&["Ada Lee"], "ada lee ada"));
        assert!(refused(&["ada@engines.example"], "ada@engines.example"));
        assert!(!refused(&["Ada", "ada@engines.example"], "from canada"));
        assert!(!refused(&["Ян"], "другой пароль"));
        assert!(refused(&["Надежда"], "надежда-1"));
    }
}
