//! What operators say of units, pockets, programmes, segments and messages, handed to the pipeline.

use largesse_domain::catalogue::{Pocket, UnitTerms};
use largesse_domain::message_rules::MessageRules;
use largesse_domain::programme::Programme;
use largesse_domain::segment::Segment;

use crate::pipeline::{Change, Changed, ControlError};
use crate::{ChangeError, Service, Unavailable, fit};

impl Service {
    /// Sets or changes the terms of a unit. The boolean says whether it had none.
    ///
    /// # Errors
    /// When what is fixed would change.
    pub async fn set_unit(&self, terms: UnitTerms) -> Result<(UnitTerms, bool), ChangeError> {
        match self.change(Change::SetUnit(Box::new(terms))).await? {
            Changed::Unit(terms, is_new) => Ok((*terms, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Makes or changes a pocket. The boolean says whether it is new.
    ///
    /// # Errors
    /// When what is fixed would change.
    pub async fn set_pocket(&self, pocket: Pocket) -> Result<(Pocket, bool), ChangeError> {
        match self.change(Change::SetPocket(Box::new(pocket))).await? {
            Changed::Pocket(pocket, is_new) => Ok((*pocket, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Makes or changes a programme. The boolean says whether it is new.
    ///
    /// # Errors
    /// When a tier that it had is gone, or there are too many programmes.
    pub async fn set_programme(&self, programme: Programme) -> Result<(Programme, bool), ChangeError> {
        match self.change(Change::SetProgramme(Box::new(programme))).await? {
            Changed::Programme(programme, is_new) => Ok((*programme, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Sets the rules for marketing messages.
    ///
    /// # Errors
    /// When the host cannot do it now.
    pub async fn set_message_rules(&self, rules: MessageRules) -> Result<MessageRules, ChangeError> {
        match self.change(Change::SetMessageRules(Box::new(rules))).await? {
            Changed::MessageRules(rules) => Ok(*rules),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Sets or changes a segment. The boolean says whether it is new.
    ///
    /// # Errors
    /// When its condition cannot be read, or comes to true or false for nobody.
    pub async fn set_segment(&self, segment: Segment) -> Result<(Segment, bool), ChangeError> {
        let condition = segment.condition.clone();
        if let Some(problem) = self.changes.run(move || fit::condition_problem("/where", &condition)).await? {
            return Err(ControlError::Problems(vec![problem]).into());
        }
        match self.change(Change::SetSegment(Box::new(segment))).await? {
            Changed::Segment(segment, is_new) => Ok((*segment, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }
}
