import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { jsonEqual } from '../../schema/index.ts';
import { FieldCheck, IMMUTABLE } from '../field-check.ts';
import { readIndexes } from './job-indexes.ts';

/** Whether a condition of a Job holds. */
export function jobIs(job: JsonObject, type: string): boolean {
  return objectsAt(job, 'status', 'conditions').some((one) => textAt(one, 'type') === type && textAt(one, 'status') === 'True');
}

const isFinished = (job: JsonObject) => jobIs(job, 'Complete') || jobIs(job, 'Failed');

/** A Job before and after somebody told how it goes. What was wrong before and stays as it is, is not complained about. */
class JobStatus {
  readonly check = new FieldCheck();
  readonly #job: JsonObject;
  readonly #old: JsonObject;

  constructor(job: JsonObject, old: JsonObject) {
    this.#job = job;
    this.#old = old;
  }

  #is(type: string): boolean {
    return jobIs(this.#job, type);
  }

  /** Whether one of these conditions or fields is another than it was. */
  #changed(...names: readonly string[]): boolean {
    return names.some((name) =>
      /^[A-Z]/.test(name)
        ? this.#is(name) !== jobIs(this.#old, name)
        : !jsonEqual(objectAt(this.#job, 'status')?.[name], objectAt(this.#old, 'status')?.[name]),
    );
  }

  #refuse(why: string): void {
    this.check.add({ type: 'FieldValueInvalid', field: 'status.conditions', message: `Invalid value: ${why}` });
  }

  counts(): void {
    const status = objectAt(this.#job, 'status');
    for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'])
      this.check.nonNegative(`status.${field}`, status?.[field]);
    const [ready, active] = [numberAt(status, 'ready'), numberAt(status, 'active') ?? 0];
    if (this.#changed('ready', 'active') && ready !== undefined && ready > active)
      this.check.invalid('status.ready', ready, 'cannot set more ready pods than active');
    for (const field of ['failed', 'succeeded']) this.#grows(field);
  }

  #grows(field: string): void {
    const spec = objectAt(this.#job, 'spec');
    const elastic = spec?.['completionMode'] === 'Indexed' && spec['completions'] === spec['parallelism'];
    const [now, before] = [this.#job, this.#old].map((job) => numberAt(job, 'status', field) ?? 0);
    if (now !== undefined && before !== undefined && now < before && !(field === 'succeeded' && elastic))
      this.check.invalid(`status.${field}`, now, `cannot decrease the ${field} counter`);
  }

  /** Which conditions go together. */
  conditions(): void {
    for (const other of ['Failed', 'FailureTarget'])
      if (this.#changed('Complete', other) && this.#is('Complete') && this.#is(other))
        this.#refuse(`cannot set Complete=True and ${other}=true conditions`);
    if (this.#changed('Failed', 'failedIndexes')) this.#announced('Failed', 'FailureTarget');
    if (this.#changed('Complete', 'SuccessCriteriaMet')) this.#announced('Complete', 'SuccessCriteriaMet');
    if (this.#is('SuccessCriteriaMet')) this.#excluded(['Failed', 'FailureTarget']);
    this.#lasting();
  }

  #excluded(others: readonly string[]): void {
    for (const other of others) if (this.#is(other)) this.#refuse(`cannot set SuccessCriteriaMet=True and ${other}=true conditions`);
  }

  /** What was told of the end is not taken back. */
  #lasting(): void {
    for (const type of ['Failed', 'Complete', 'FailureTarget', 'SuccessCriteriaMet'])
      if (jobIs(this.#old, type) && !this.#is(type))
        this.#refuse(`cannot disable the ${type === 'SuccessCriteriaMet' ? '' : 'terminal '}${type}=True condition`);
  }

  /** The end is told before it comes. */
  #announced(end: string, sign: string): void {
    if (this.#is(end) && !this.#is(sign)) this.#refuse(`cannot set ${end}=True condition without the ${sign}=true condition`);
  }

  completionTime(): void {
    const at = 'status.completionTime';
    const ended = textAt(this.#job, 'status', 'completionTime');
    const complete = this.#is('Complete');
    if (this.#changed('Complete', 'completionTime')) {
      if (ended !== '' && !complete) this.check.invalid(at, ended, 'cannot set completionTime when there is no Complete=True condition');
      if (ended === '' && complete) this.check.required(at, undefined, 'completionTime is required for Complete jobs');
    }
    if (ended === '') return;
    const started = textAt(this.#job, 'status', 'startTime');
    if (this.#changed('startTime', 'completionTime') && Date.parse(ended) < Date.parse(started))
      this.check.invalid(at, ended, 'must be equal to or after `startTime`');
    const before = textAt(this.#old, 'status', 'completionTime');
    if (before !== '' && ended !== before) this.check.invalid(at, ended, IMMUTABLE);
  }

  startTime(): void {
    const at = 'status.startTime';
    const started = textAt(this.#job, 'status', 'startTime');
    const suspended = objectAt(this.#job, 'spec')?.['suspend'] === true;
    const nothingToDo = suspended && numberAt(this.#job, 'spec', 'completions') === 0;
    if (this.#changed('Complete', 'Failed', 'startTime') && isFinished(this.#job) && started === '' && !nothingToDo)
      this.check.required(at, undefined, 'startTime is required for finished job');
    const before = textAt(this.#old, 'status', 'startTime');
    if (before === '' || started === before || suspended || this.#resumes()) return;
    this.check.invalid(at, started || null, 'field is immutable for unsuspended job once set');
  }

  #resumes(): boolean {
    return jobIs(this.#old, 'Suspended') && !this.#is('Suspended');
  }

  /** Nothing of a finished Job runs any more. */
  finished(): void {
    if (!isFinished(this.#job)) return;
    for (const field of ['active', 'terminating']) {
      const amount = numberAt(this.#job, 'status', field) ?? 0;
      if (amount > 0 && this.#changed('Complete', 'Failed', field))
        this.check.invalid(`status.${field}`, amount, `${field}>0 is invalid for finished job`);
    }
  }

  indexes(): void {
    const spec = objectAt(this.#job, 'spec');
    const text = textAt(this.#job, 'status', 'completedIndexes');
    if (!this.#changed('completedIndexes') || text === '') return;
    const at = 'status.completedIndexes';
    const read = readIndexes(text, numberAt(spec, 'completions') ?? Number.POSITIVE_INFINITY);
    if ('problem' in read) this.check.invalid(at, text, `error parsing completedIndexes: ${read.problem}`);
    if (spec?.['completionMode'] !== 'Indexed')
      this.check.invalid(at, text, 'cannot set non-empty completedIndexes when non-indexed completion mode');
  }
}

/** Whether a Job can have come from what it was to what its status says. */
export function checkJobStatus(job: JsonObject, old: JsonObject): FieldError[] {
  const status = new JobStatus(job, old);
  status.counts();
  status.conditions();
  status.completionTime();
  status.startTime();
  status.finished();
  status.indexes();
  return status.check.errors;
}
