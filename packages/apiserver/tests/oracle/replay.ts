import { randomBytes } from 'node:crypto';
import { messageOf, type Scope } from '@crownlabs/std';
import { CaseRun } from './case-run.ts';
import { Connection } from './connection.ts';
import { type RunningProgram, startProgram } from './program.ts';
import { compares, type RecordedCase, type Step, title } from './recorded-case.ts';
import { Variables } from './variables.ts';
import { type WebhookReceiver, webhookReceiver } from './webhook-receiver.ts';

/** What came of a case. */
export interface Replayed {
  /** Steps that were compared. */
  readonly compared: number;
  /** `step 3, request GET /api …: /spec/x: expected 1, got 2`. */
  readonly differences: readonly string[];
}

/** Sends recorded requests to a program of its own and compares the answers. */
export class Replay {
  readonly #program: RunningProgram;
  readonly #connection: Connection;
  readonly #webhooks: WebhookReceiver;

  private constructor(program: RunningProgram, connection: Connection, webhooks: WebhookReceiver) {
    this.#program = program;
    this.#connection = connection;
    this.#webhooks = webhooks;
  }

  /** Starts the program and the server that plays webhooks; both end with `owned`. */
  static async start(owned: Scope): Promise<Replay> {
    const program = await startProgram(owned);
    const connection = new Connection(program.url, program.ca);
    owned.defer(() => connection.close());
    return new Replay(program, connection, await webhookReceiver(owned));
  }

  /** Runs the case; again when it differs and is one whose outcome depends on the moment. */
  async run(recorded: RecordedCase): Promise<Replayed> {
    for (let left = recorded.retry ?? 0; ; left -= 1) {
      const replayed = await this.#once(recorded);
      if (left <= 0 || replayed.differences.length === 0) return replayed;
    }
  }

  async #once(recorded: RecordedCase): Promise<Replayed> {
    const id = `q${randomBytes(5).toString('hex')}`;
    const variables = new Variables({
      x: id,
      group: `${id}.labs.example.com`,
      ns: `oracle-${id}`,
      ns2: `oracle-${id}-ns2`,
      ns3: `oracle-${id}-ns3`,
      whurl: `${this.#webhooks.url}/${id}`,
      caBundle: this.#webhooks.caBundle,
    });
    for (const [name, value] of Object.entries(recorded.vars ?? {})) variables.set(name, variables.text(value));
    const webhooks = { answers: recorded.webhooks ?? {}, variables, seen: new Map() };
    this.#webhooks.cases.set(id, webhooks);
    const run = new CaseRun(recorded, { connection: this.#connection, token: this.#program.token, variables, webhooks });
    try {
      return await replay(run, recorded);
    } finally {
      await run.end();
      this.#webhooks.cases.delete(id);
    }
  }
}

async function replay(run: CaseRun, { namespaces = 1, setup = [], steps }: RecordedCase): Promise<Replayed> {
  const spaces = ['ns', 'ns2', 'ns3'].slice(0, namespaces).map(namespaceStep);
  const differences: string[] = [];
  for (const step of [...spaces, ...setup]) differences.push(...(await lines(run, step, 'before the steps')));
  if (differences.length > 0) return { compared: 0, differences };
  for (const [index, step] of steps.entries()) differences.push(...(await lines(run, step, `step ${index + 1}`)));
  return { compared: steps.filter(compares).length, differences };
}

function namespaceStep(variable: string): Step {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `\${${variable}}` } };
  return { req: 'POST /api/v1/namespaces', body, mode: 'status', expect: { code: 201 } };
}

async function lines(run: CaseRun, step: Step, which: string): Promise<string[]> {
  const found = await run.perform(step).catch((error: unknown) => [`no answer: ${messageOf(error)}`]);
  return found.map((line) => `${which}, ${title(step)}: ${line}`);
}
