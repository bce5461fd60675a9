//! A segment is set or changed.

use largesse_domain::limits::SEGMENTS_MAX;
use largesse_domain::segment::Segment;

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider, expect_room};
use crate::{ChangeError, Service, fit};

impl Service {
    /// Sets or changes a segment. The boolean says whether it is new.
    ///
    /// # Errors
    /// When its condition cannot be read, or comes to true or false for nobody.
    pub async fn set_segment(&self, segment: Segment) -> Result<(Segment, bool), ChangeError> {
        let condition = segment.condition.clone();
        if let Some(problem) = self.changes.run(move || fit::condition_problem("/where", &condition)).await? {
            return Err(ControlError::Problems(vec![problem]).into());
        }
        self.run(SetSegment(segment)).await
    }
}

/// A segment is set or changed; its condition was tried.
struct SetSegment(Segment);

impl Command for SetSegment {
    /// The segment as it is now; `true` when it was not there before.
    type Answer = (Segment, bool);

    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self(segment) = self;
        let segments = &decider.registry.catalogue.segments;
        let old = segments.get(&segment.id).cloned();
        if old.is_none() {
            expect_room(segments.len(), SEGMENTS_MAX, "segments")?;
        }
        if old.as_ref() != Some(&segment) {
            decider.with_audiences(|registry| Ok(registry.set_segment(segment.clone())?), "/where")?;
            decider.batch().segments.push(segment.clone());
        }
        Ok((segment, old.is_none()))
    }
}
