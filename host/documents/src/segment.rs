//! Segments, and the audience of a campaign, as operators write them and as they go out.

use largesse_domain::id::SegmentId;
use largesse_domain::problem::Problem;
use largesse_domain::segment::{Audience, Segment};
use serde::{Deserialize, Serialize};

use crate::problem::Problems;

/// A set of customers: those of whom a condition holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SegmentDocument {
    /// For people.
    #[serde(default)]
    pub title: String,
    /// A condition in CEL, 1 to 1,024 bytes, such as `'vip' in tags && attributes.age >= 18`.
    #[serde(rename = "where")]
    pub condition: String,
}

impl SegmentDocument {
    /// Checks a segment. Whether its condition can be read is not checked here.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self, id: SegmentId) -> Result<Segment, Vec<Problem>> {
        let mut problems = Problems::default();
        let condition = problems.keep("/where", self.condition.parse());
        problems.finish(condition.map(|condition| Segment { id, title: self.title.clone(), condition }))
    }

    /// The document that says this segment.
    #[must_use]
    pub fn of(segment: &Segment) -> Self {
        Self { title: segment.title.clone(), condition: segment.condition.to_string() }
    }
}

/// For whom a campaign is: either a segment or a condition of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AudienceDocument {
    /// The customers of a segment, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// The customers of whom this condition holds.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

pub(crate) fn read_audience(document: Option<&AudienceDocument>, problems: &mut Problems) -> Option<Audience> {
    let Some(AudienceDocument { segment, condition }) = document else { return Some(Audience::Everyone) };
    match (segment, condition) {
        (Some(id), None) => problems.keep("/audience/segment", id.parse()).map(Audience::Segment),
        (None, Some(text)) => problems.keep("/audience/where", text.parse()).map(Audience::Where),
        _ => {
            problems.add("/audience", "expected either a segment or a condition (where)");
            None
        }
    }
}

pub(crate) fn audience_document(audience: &Audience) -> Option<AudienceDocument> {
    let nobody = AudienceDocument::default();
    match audience {
        Audience::Everyone => None,
        Audience::Segment(id) => Some(AudienceDocument { segment: Some(id.to_string()), ..nobody }),
        Audience::Where(condition) => Some(AudienceDocument { condition: Some(condition.to_string()), ..nobody }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_domain::limits::CONDITION_BYTES_MAX;

    #[test]
    fn an_audience_is_a_segment_or_a_condition() {
        let pointer = |text: &str| {
            let document: AudienceDocument = serde_json::from_str(text).unwrap();
            let mut problems = Problems::default();
            let read = read_audience(Some(&document), &mut problems);
            if let Some(audience) = &read {
                assert_eq!(audience_document(audience), Some(document), "{text}");
            }
            problems.finish(read).err().map(|problems| problems[0].pointer.clone())
        };
        assert_eq!(pointer(r#"{"segment": "vip"}"#), None);
        assert_eq!(pointer(r#"{"where": "'vip' in tags"}"#), None);
        for text in ["{}", r#"{"segment": "vip", "where": "true"}"#] {
            assert_eq!(pointer(text).as_deref(), Some("/audience"));
        }
        assert_eq!(pointer(r#"{"segment": "V I P"}"#).as_deref(), Some("/audience/segment"));
        assert_eq!(pointer(r#"{"where": ""}"#).as_deref(), Some("/audience/where"));
        let mut problems = Problems::default();
        assert_eq!(read_audience(None, &mut problems), Some(Audience::Everyone));
    }

    #[test]
    fn a_condition_is_bounded() {
        let read = |length: usize| {
            let document = SegmentDocument { title: String::new(), condition: "x".repeat(length) };
            document.read("vip".parse().unwrap()).map_err(|problems| problems[0].pointer.clone())
        };
        assert!(read(CONDITION_BYTES_MAX).is_ok());
        assert_eq!(read(CONDITION_BYTES_MAX + 1), Err("/where".into()));
        assert_eq!(read(0), Err("/where".into()));
    }
}
