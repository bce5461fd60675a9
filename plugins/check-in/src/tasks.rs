//! Fixed rewards for single actions, once or up to a daily cap.

use largesse_sdk::Refusal;

use crate::params::Task;
use crate::turn::Turn;

/// Rewards every task that the event completes.
pub(crate) fn reward(turn: &mut Turn) -> Result<(), Refusal> {
    for task in &turn.params().tasks {
        let other = task.task.is_some() && task.task != turn.said.task;
        if task.on != turn.trigger || other {
            continue;
        }
        if task.once {
            reward_once(turn, task);
        } else {
            reward_again(turn, task);
        }
    }
    Ok(())
}

fn reward_once(turn: &mut Turn, task: &Task) {
    if turn.state.tasks_done.iter().any(|done| task.id == *done) {
        return turn.no("task-already-done", "the task is rewarded once only");
    }
    turn.change().tasks_done.push(task.id.to_string());
    turn.grant_all(&task.rewards, &format!("task/{}", task.id), &task.id);
}

fn reward_again(turn: &mut Turn, task: &Task) {
    let today = turn.today;
    let Some(count) = turn.state.task_count(&task.id, today) else {
        return turn.no("too-late", "the task is too long ago to be rewarded");
    };
    if task.per_day.is_some_and(|most| count >= most) {
        return turn.no("daily-cap-reached", "the task is not rewarded again on this day");
    }
    turn.change().count_task(&task.id, today);
    turn.grant_all(&task.rewards, &format!("task/{}/{}/n{}", task.id, today.0, count + 1), &task.id);
}
