//! What a measure is to be.

use core::str::FromStr;

use crate::show::Measure;

/// What a measure is to be, ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Goal {
    /// No more than this, as `<= 30`.
    AtMost(f64),
    /// No less, as `>= 0.985`.
    AtLeast(f64),
    /// From the one to the other, as `0.92 to 0.98`.
    Within(f64, f64),
}

impl Goal {
    /// Whether a value reaches it; what never came to be does not.
    #[must_use]
    pub fn is_met(&self, value: Option<f64>) -> bool {
        let Some(value) = value else {
            return false;
        };
        match *self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
            Self::Within(least, most) => (least..=most).contains(&value),
        }
    }

    /// The goal as people read it.
    #[must_use]
    pub fn say(&self, measure: &Measure) -> String {
        match *self {
            Self::AtMost(most) => format!("≤ {}", measure.say(most)),
            Self::AtLeast(least) => format!("≥ {}", measure.say(least)),
            Self::Within(least, most) => {
                format!("{} to {}", measure.say(least), measure.say(most))
            }
        }
    }
}

impl FromStr for Goal {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| ());
        if let Some(most) = text.strip_prefix("<=") {
            return number(most).map(Self::AtMost);
        }
        if let Some(least) = text.strip_prefix(">=") {
            return number(least).map(Self::AtLeast);
        }
        let (least, most) = text.split_once(" to ").ok_or(())?;
        Ok(Self::Within(number(least)?, number(most)?))
    }
}
