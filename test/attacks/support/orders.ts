import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newJid } from '#base/ids.ts';
import type { Bus } from '#bus/bus.ts';
import { currentJobKey } from '#trust/auth-dir.ts';
import type { Credentials } from '#trust/jwt.ts';
import { type NewOrder, signOrder, signRequest } from '#trust/orders.ts';
import type { SigningKey } from '#trust/signing.ts';
import { channels } from '#wire/channels.ts';
import type { JobRequest, SignedOrder } from '#wire/job.ts';
import { jobRequest, testBus, until } from '../../harness/fleet.ts';
import type { Arena } from './arena.ts';

/**
 * An enemy who holds the broker: they send what they like to any peel, as a master would, and hear what a master
 * sends. What they have not is the key that signs.
 */
export interface RogueMaster extends AsyncDisposable {
  readonly bus: Bus;
  /** Sends orders to a peel, waits until it had its look at each, and gives the ids of the jobs that it took to run. */
  send(peel: string, orders: readonly SignedOrder[]): Promise<readonly string[]>;
  /** The orders that were sent to a peel while this ran. */
  overhear(peel: string, during: () => Promise<unknown>): Promise<SignedOrder[]>;
}

export async function rogueMaster(arena: Arena): Promise<RogueMaster> {
  const bus = await testBus(arena.nats, arena.nats.credentials.master, 'rogue', false);
  return {
    bus,
    async send(peel, orders) {
      const taken: string[] = [];
      // A peel says of each order that it takes, before it starts, and of what it knew that it did.
      using _acks = bus.listen(channels.ack, { peel }, ({ body: { jid, state } }) => {
        if (state === 'queued' || state === 'running') taken.push(jid);
      });
      await bus.flush();
      for (const order of orders) bus.publish(channels.command, { peel }, order);
      await bus.flush();
      // Orders are looked at one after another: when the last is answered, all were.
      const { returns, reply } = await arena.run(peel, 'cmd.run', { id: 'true' });
      assert.equal(returns.get(peel)?.status, 'done', 'the peel still works');
      await bus.flush();
      assert.ok(taken.includes(reply.jid ?? ''), 'what a peel takes can be seen');
      return taken.filter((jid) => jid !== reply.jid);
    },
    async overhear(peel, during) {
      const heard: SignedOrder[] = [];
      await using thief = await testBus(arena.nats, arena.stolen(peel), 'thief', false);
      using _listening = thief.listen(channels.command, { peel }, ({ body }) => void heard.push(body));
      await thief.flush();
      await during();
      await until(() => heard.length > 0, 'an order was overheard');
      return heard;
    },
    [Symbol.asyncDispose]: () => bus.close(),
  };
}

/** A command that leaves a line in a file each time it runs. */
export interface Trace {
  readonly command: string;
  /** How often it ran. */
  readonly runs: () => number;
}

let traces = 0;

export function trace(arena: Arena): Trace {
  const file = join(arena.dir, `trace-${++traces}`);
  return {
    command: `echo ran >> ${file}`,
    runs: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0),
  };
}

export interface OrderWish extends Partial<Omit<NewOrder, 'request'>> {
  readonly request?: Partial<JobRequest>;
  readonly by?: Credentials;
  readonly key?: SigningKey;
}

/** An order as a master makes it, but for what is wished: signed by the arena's own key unless another is given. */
export function orderFor(arena: Arena, peel: string, { command }: Trace, wish: OrderWish = {}): SignedOrder {
  const { request = {}, by = arena.admin, key = currentJobKey(arena.nats.auth, Date.now()), ...order } = wish;
  const whole = jobRequest({ jid: newJid(), target: peel, function: 'cmd.run', id: command, ...request });
  const made: NewOrder = {
    request: signRequest(whole, by),
    operator: 'admin',
    issuedAt: Date.now(),
    deadline: Date.now() + 20_000,
    epoch: 1,
    peels: [peel],
    ...order,
  };
  return signOrder(made, key).for(0);
}
