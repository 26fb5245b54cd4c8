// How a phone reports what it played. Works with any <video> or <audio> element; needs no
// library. What could not be sent is kept in `store` (localStorage by default) and sent again,
// in any order and as often as needed: the server counts every stretch once.

const STRIDE = 2; // Seconds of media; a larger step between two looks is a seek, not playing.

export class Play {
  /** `ask(method, path, body)` sends JSON with the caller's token and returns the answer's
   *  JSON; it throws `{status}` for a refusal and anything else when the network is away. */
  constructor(media, lessonId, ask, store = globalThis.localStorage) {
    Object.assign(this, { media, lessonId, ask, store, begin: null, last: null, answer: null });
    this.playId = crypto.randomUUID();
    this.key = `beats:${lessonId}`;
  }

  /** Open the lesson, go to where its learner left it on any device, and report from then on. */
  async open() {
    this.answer = await this.ask("PUT", this.path(""));
    this.every = setInterval(() => this.beat(), this.answer.beatSeconds * 1000);
    for (const name of ["timeupdate", "pause", "ended", "seeking"])
      this.media.addEventListener(name, () => this.look(name));
    globalThis.addEventListener("online", () => this.beat());
    this.media.currentTime = this.answer.positionMs / 1000;
    return this.answer;
  }

  close() {
    clearInterval(this.every);
    return this.beat();
  }

  look(name) {
    const at = this.media.currentTime;
    const step = this.last === null ? 0 : at - this.last;
    const jumped = this.media.seeking || step < 0 || step > STRIDE * this.media.playbackRate;
    if (name === "seeking" || jumped) {
      this.cut();
      if (!this.media.seeking) this.begin = this.last = at;
      return;
    }
    this.begin ??= at;
    this.last = at;
    if (name === "pause" || name === "ended") this.beat();
  }

  /** End the stretch being played and put it with those that wait to be sent. */
  cut() {
    if (this.begin !== null && this.last > this.begin) {
      const waiting = this.waiting();
      const seq = (waiting.at(-1)?.seq ?? this.sent ?? 0) + 1;
      waiting.push({ seq, from: Math.round(this.begin * 1000), to: Math.round(this.last * 1000) });
      this.keep(waiting);
    }
    this.begin = this.last = null;
  }

  /** Send everything that waits. Returns the server's answer, or `null` when it is away. */
  async beat() {
    const at = this.media.currentTime;
    this.cut();
    if (!this.media.paused && !this.media.seeking) this.begin = this.last = at;
    const beats = this.waiting().slice(0, 200);
    if (!beats.length || this.sending) return null;
    this.sending = true;
    try {
      const position = Math.round(at * 1000);
      this.answer = await this.ask("PUT", this.path("/beats"), { beats, position });
      this.sent = Math.max(this.sent ?? 0, beats.at(-1).seq);
      // What the clock did not allow yet stays, and is sent again with the next beat.
      const left = beats.filter((beat) => !this.counted(beat));
      this.keep([...left, ...this.waiting().filter((beat) => beat.seq > this.sent)]);
      return this.answer;
    } catch (refusal) {
      if (refusal.status === 409) await this.reopen();
      return null;
    } finally {
      this.sending = false;
    }
  }

  /** The lesson was opened long ago, or has changed: what waits is sent with the next beat. */
  async reopen() {
    this.playId = crypto.randomUUID();
    this.answer = await this.ask("PUT", this.path(""));
  }

  counted(beat) {
    const end = Math.min(beat.to, this.answer.durationMs);
    const covers = (span) => span.from <= beat.from && end <= span.to;
    return beat.from >= end || this.answer.spans.some(covers);
  }

  path(rest) {
    return `/v1/lessons/${this.lessonId}/plays/${this.playId}${rest}`;
  }

  waiting() {
    return JSON.parse(this.store.getItem(this.key) ?? "[]");
  }

  keep(beats) {
    this.store.setItem(this.key, JSON.stringify(beats));
  }
}
