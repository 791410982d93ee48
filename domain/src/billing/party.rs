//! Whoever is named on a document: where they are, and how the tax office knows them.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::invalid::string;
use crate::{Invalid, Text};

/// A country of ISO 3166-1, by its code of two letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "Value")]
pub struct Country([u8; 2]);

/// The codes that are officially assigned.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP \
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU \
    MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ \
    UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

impl Country {
    /// Parses a code, in capitals.
    ///
    /// # Errors
    /// [`Invalid::NotACountry`].
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        let known = COUNTRIES.split(' ').any(|known| known == code);
        let letters = code.as_bytes().try_into().map_err(|_| Invalid::NotACountry)?;
        if known { Ok(Self(letters)) } else { Err(Invalid::NotACountry) }
    }

    /// The code, two capitals.
    pub fn code(&self) -> &str {
        // Only capitals are ever in it.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<Value> for Country {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        string(value).map_err(|_| Invalid::NotACountry).and_then(|code| Self::parse(&code))
    }
}

/// Where in its country somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street and number, or a box.
    #[serde(default)]
    pub street: Option<Text<200>>,
    /// What else it takes to find the place.
    #[serde(default)]
    pub addition: Option<Text<200>>,
    /// The postal code.
    #[serde(default)]
    pub postal_code: Option<Text<20>>,
    /// The city.
    pub city: Text<100>,
    /// The region, in countries whose addresses have one.
    #[serde(default)]
    pub region: Option<Text<100>>,
}

/// A number by which a tax office knows somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxId {
    /// Which of their numbers it is.
    pub kind: TaxIdKind,
    /// The number.
    pub value: Text<40>,
}

/// Which number of a tax office it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxIdKind {
    /// The one for value added tax, with the prefix of its country.
    Vat,
    /// The one of a local office.
    Registration,
}

/// Most tax ids of somebody.
pub const MAX_TAX_IDS: usize = 5;

/// Within how many days of its date an invoice is to be paid, at most a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct NetDays(u16);

impl NetDays {
    /// Most days.
    pub const MAX: u16 = 365;

    /// Checks a number of days.
    ///
    /// # Errors
    /// [`Invalid::NotNetDays`].
    pub const fn new(days: u16) -> Result<Self, Invalid> {
        if days <= Self::MAX { Ok(Self(days)) } else { Err(Invalid::NotNetDays) }
    }

    /// The days.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<Value> for NetDays {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        let days = value.as_u64().and_then(|days| u16::try_from(days).ok());
        days.ok_or(Invalid::NotNetDays).and_then(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_those_of_iso_3166() {
        assert_eq!(COUNTRIES.split(' ').count(), 249);
        assert!(COUNTRIES.split(' ').is_sorted_by(|one, next| one < next));
        assert_eq!(Country::parse("DE").unwrap().code(), "DE");
        for bad in ["", "de", "EU", "UK", "DEU", "DE FR", " "] {
            assert_eq!(Country::parse(bad), Err(Invalid::NotACountry), "{bad:?}");
        }
    }

    #[test]
    fn terms_are_at_most_a_year() {
        assert_eq!(serde_json::from_str::<NetDays>("365").unwrap().get(), 365);
        for bad in ["366", "-1", "1.5", "\"30\"", "null"] {
            assert!(serde_json::from_str::<NetDays>(bad).is_err(), "{bad}");
        }
    }
}
