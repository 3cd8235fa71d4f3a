import { toHuman } from '#base/ids.ts';
import type { Check } from '../doctor/doctor.ts';
import type { EnrollmentOffice } from './index.ts';
import { damagedReason } from './records.ts';

/** What enrolment looks at for `zester doctor`. */
export function enrollmentChecks(office: () => Pick<EnrollmentOffice, 'service' | 'crowd'>): readonly Check<unknown>[] {
  return [
    {
      name: 'enrolments',
      look() {
        const all = office().service.list({}).enrollments ?? [];
        const damaged = all.filter(({ state, reason }) => state === 'revoked' && reason === damagedReason);
        if (damaged.length === 0) return { status: 'ok', detail: `${all.length} kept` };
        const hint = 'Find out who wrote there; remove the credentials of these peels, and they enrol anew';
        const lines = damaged.map(({ id, peel }) => `${toHuman(peel)} (${id})`);
        return { status: 'problem', detail: `${damaged.length} revoked, since their record was damaged`, hint, lines };
      },
    },
    {
      name: 'connections',
      look() {
        const { cut } = office().crowd;
        if (cut === 0) return { status: 'ok', detail: 'no identity holds too many' };
        const hint = 'One identity on several machines, or one that floods: see the log lines that name it';
        return { status: 'warning', detail: `${cut} cut, since their identity held too many`, hint };
      },
    },
  ];
}
