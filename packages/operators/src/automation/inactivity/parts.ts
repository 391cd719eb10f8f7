import type { UseReports } from '../activity/doors.ts';
import type { ActivitySource } from '../activity/source.ts';
import type { Outbox } from '../outbox.ts';
import type { AutomationParts } from '../parts.ts';

/** What the inactivity controller works with. */
export interface InactivityParts extends AutomationParts {
  readonly sources: readonly ActivitySource[];
  readonly reports: UseReports;
  readonly outbox: Outbox | undefined;
}
