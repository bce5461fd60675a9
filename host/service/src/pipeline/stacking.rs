//! Stacking: of the campaigns of a group that decide on one event, which give.
//!
//! Where the first gives, decisions are judged in order, and once one has given, what another campaign of the group would give
//! is undone. Where the best gives, all are first judged for trial, each campaign over the same facts, and undone; then the
//! winner's decisions are made before those of the others. A decision that was put off comes after all this: it finds the
//! winner, if there is one, among the decisions that were made.

use std::collections::{HashMap, VecDeque};
use std::slice;

use largesse_domain::id::{CampaignId, EventSeq, StackingGroup};
use largesse_domain::outcome::Verdict;
use largesse_domain::stack::{takes_part, worth};
use largesse_domain::stacking::{Stacking, StackingMode};
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;
use super::decide::{Aborted, Round, Task};
use crate::seed::Purpose;

impl Task {
    /// The campaign's group, when only one of its campaigns gives.
    fn rivals(&self) -> Option<&Stacking> {
        self.stacking().filter(|stacking| stacking.mode != StackingMode::All)
    }

    fn stacking(&self) -> Option<&Stacking> {
        self.active.campaign.settings.stacking.as_ref()
    }

    /// Tasks on one event come in falling order of this.
    pub(super) fn priority(&self) -> i32 {
        self.stacking().map_or(0, |stacking| stacking.priority)
    }
}

/// Of each event and group, the campaign that gives; none as long as none has.
#[derive(Default)]
pub(super) struct Winners(HashMap<(EventSeq, StackingGroup), Option<CampaignId>>);

impl Winners {
    /// Takes note of what a decision came to. Names the campaign that gives instead of this one, if another does.
    pub(super) fn outdone(&mut self, task: &Task, event: EventSeq, verdict: &Verdict) -> Option<CampaignId> {
        let stacking = task.rivals().filter(|_| takes_part(verdict))?;
        let own = &task.active.campaign.id;
        let winner = self.0.entry((event, stacking.group.clone())).or_default().get_or_insert_with(|| own.clone());
        (winner != own).then(|| winner.clone())
    }
}

impl Decider {
    /// When the next task is of a group whose best gives, and the group was not looked at: finds the best and puts its tasks first.
    pub(super) fn compare(
        &mut self,
        queue: &mut VecDeque<Task>,
        events: &[Admitted],
        purpose: Purpose,
        round: &mut Round,
    ) -> Result<(), Aborted> {
        let Some(next) = queue.front() else { return Ok(()) };
        let Some(stacking) = next.rivals().filter(|stacking| stacking.mode == StackingMode::Best) else {
            return Ok(());
        };
        let (group, currency) = (stacking.group.clone(), next.active.campaign.settings.currency);
        let place = (events[next.event].admission.seq, group.clone());
        if round.winners.0.contains_key(&place) {
            return Ok(());
        }
        let (mut members, others): (Vec<Task>, Vec<Task>) =
            queue.drain(..).partition(|task| task.rivals().is_some_and(|stacking| stacking.group == group));
        let mut best: Option<(u128, CampaignId)> = None;
        let is_alone = members.iter().all(|task| task.active.campaign.id == members[0].active.campaign.id);
        let rivals = if is_alone { &[][..] } else { &members };
        for tasks in rivals.chunk_by(|one, other| one.active.campaign.id == other.active.campaign.id) {
            let tried = self.try_out(tasks, events, purpose)?;
            let giving = || tried.iter().filter(|verdict| takes_part(verdict));
            let worth = worth(giving(), currency, &self.registry.catalogue);
            if giving().next().is_some() && best.as_ref().is_none_or(|(most, _)| worth > *most) {
                best = Some((worth, tasks[0].active.campaign.id.clone()));
            }
        }
        let winner = best.map(|(_, winner)| winner);
        members.sort_by_key(|task| winner.as_ref() != Some(&task.active.campaign.id));
        round.winners.0.insert(place, winner);
        queue.extend(members.into_iter().chain(others));
        Ok(())
    }

    /// What one campaign's decisions on an event would come to; nothing of them is left.
    fn try_out(&mut self, tasks: &[Task], events: &[Admitted], purpose: Purpose) -> Result<Vec<Verdict>, Aborted> {
        let savepoint = self.facts.savepoint();
        let mut round = Round { is_trial: true, ..Round::default() };
        let mut decide = |task| self.decide_together(slice::from_ref(task), events, purpose, &mut round);
        let decided = tasks.iter().try_for_each(&mut decide);
        self.facts.undo_to(savepoint);
        decided.map(|()| round.decisions.into_iter().map(|decision| decision.verdict).collect())
    }

    /// Who gives for an event of a decision that was put off, by the decisions that were made on it.
    pub(super) fn winners_on(&self, event: EventSeq, task: &Task) -> Result<Winners, StoreError> {
        let Some(stacking) = task.rivals() else { return Ok(Winners::default()) };
        let (remains, stored) = self.stored_on(event)?;
        let gathered = self.pending.batch.decisions.iter().filter(|decision| decision.event == event);
        let remains = remains.iter().map(|remains| (&remains.campaign, &remains.verdict));
        let whole = stored.iter().chain(gathered).map(|decision| (&decision.campaign, &decision.verdict));
        let rival = |campaign: &CampaignId| {
            let active = self.registry.campaign(campaign);
            let of = active.and_then(|active| active.campaign.settings.stacking.as_ref());
            of.is_some_and(|of| of.group == stacking.group)
        };
        let winner = remains.chain(whole).find(|(campaign, verdict)| takes_part(verdict) && rival(campaign));
        let winner = winner.map(|(campaign, _)| campaign.clone());
        Ok(Winners([((event, stacking.group.clone()), winner)].into()))
    }
}
