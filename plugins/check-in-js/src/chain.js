// Streaks: days in a row, with or without gaps, over a day that the calendar left out.

/** By how many minutes a clock goes ahead, at least, that leaves out a day. */
const DAY_LEFT_OUT = 20 * 60;

/** Clocks this far behind UTC, or ahead of it, are close to the date line, in minutes. */
const [FAR_BEHIND, FAR_AHEAD] = [-10 * 60, 12 * 60];

/** What is known of a clock that went over the date line, as that of Samoa did in 2011: there was no 30 December. */
export class DateLine {
  constructor({ offset, around } = {}) {
    this.offset = offset ?? undefined;
    this.around = around ?? undefined;
  }

  /** As it is stored; nothing when nothing is known. */
  stored() {
    return this.offset === undefined ? undefined : { offset: this.offset, around: this.around };
  }

  /** Notes by which clock a day was counted. */
  note(days, day, offset) {
    // Elsewhere no clock goes over the date line.
    if (this.offset === undefined && offset > FAR_BEHIND && offset < FAR_AHEAD) return;
    const known = this.offset ?? offset;
    const [ahead, behind] = [offset - known >= DAY_LEFT_OUT, known - offset >= DAY_LEFT_OUT];
    if (this.around) {
      const [last, first] = this.around;
      this.around = ahead ? [last, Math.min(first, day)] : [Math.max(last, day), first];
    } else if (ahead && days.last !== undefined) {
      this.around = [days.last, day];
    } else if (behind && days.last !== undefined) {
      this.around = [day, days.runs[0][0]];
    }
    if (!ahead) this.offset = offset;
  }

  /** What is known by either of two who turn out to be one. */
  with(other) {
    if (this.around && other.around) {
      const [[last, first], [otherLast, otherFirst]] = [this.around, other.around];
      return new DateLine({ offset: this.offset, around: [Math.max(last, otherLast), Math.min(first, otherFirst)] });
    }
    if (other.around) return other;
    return new DateLine({ offset: this.offset ?? other.offset, around: this.around });
  }

  /** How many days there were between two. */
  missed(last, first) {
    const [before, after] = this.around ?? [];
    const leftOut = this.around && before + 2 === after && last < before + 1 && before + 1 < first;
    return Math.max(0, first - last - 1 - (leftOut ? 1 : 0));
  }
}

/** The days in a row around one that is counted, where so many may be missed between two of them. */
export function chainAround({ days, dateLine, tails }, day, gap) {
  const { runs } = days;
  const place = runs.findLastIndex(([first]) => first <= day);
  let [first, last] = runs[place];
  let [before, after] = [day - first, last - day];
  let left = place - 1;
  for (; left >= 0 && dateLine.missed(runs[left][1], first) <= gap; left -= 1) {
    before += runs[left][1] - runs[left][0] + 1;
    [first] = runs[left];
  }
  const tail = left < 0 && tails.find((one) => one.gap === gap && dateLine.missed(one.last, first) <= gap);
  if (tail) {
    before += tail.days;
    ({ first } = tail);
  }
  for (let right = place + 1; right < runs.length && dateLine.missed(last, runs[right][0]) <= gap; right += 1) {
    after += runs[right][1] - runs[right][0] + 1;
    [, last] = runs[right];
  }
  return { first, before, after };
}

/** What streaks with gaps need of the runs before a day, which are about to be forgotten. */
export function tailsOf({ days, dateLine, tails }, keepFrom, gaps) {
  let kept = tails;
  for (const gap of gaps.filter((one) => one > 0)) {
    for (const [first, last] of days.runs.filter(([, end]) => end < keepFrom)) {
      const known = kept.find((tail) => tail.gap === gap && dateLine.missed(tail.last, first) <= gap);
      const own = { gap, first: known?.first ?? first, last, days: (known?.days ?? 0) + last - first + 1 };
      kept = [...kept.filter((tail) => tail.gap !== gap), own];
    }
  }
  return kept;
}
