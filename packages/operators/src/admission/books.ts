import { ANNOTATION, type Instance, LABEL } from '@crownlabs/api';
import { LabError } from '@crownlabs/std';

/** What the lab notes on an Instance about its use, its warnings and its mails: whoever wrote there could keep it for ever. */
export const BOOKS: readonly string[] = [
  ANNOTATION.lastPoweredOff,
  ANNOTATION.lastRunning,
  ANNOTATION.lastActivity,
  ANNOTATION.lastActivityCheck,
  ANNOTATION.numberAlertsSent,
  ANNOTATION.lastNotification,
  ANNOTATION.destructionAlertsSent,
  ANNOTATION.lastDestructionNotification,
  ANNOTATION.expiringWarning,
  ANNOTATION.keptFromExpiration,
  ANNOTATION.inactivityMail,
  ANNOTATION.expirationMail,
];

/** How far an exam is. */
const EXAM_LABELS: readonly string[] = [
  LABEL.watchForTermination,
  LABEL.submissionRequested,
  LABEL.submissionCompleted,
  LABEL.environmentName,
];

/** Throws Forbidden where somebody changes what the lab has noted, or how the exam that he sits ends. */
export function keepBooks(now: Instance, before: Instance): void {
  for (const key of BOOKS) {
    if (before.metadata.annotations?.[key] === now.metadata.annotations?.[key]) continue;
    throw new LabError('Forbidden', `the annotation ${key} is written by the system alone`);
  }
  for (const key of EXAM_LABELS) {
    if (before.metadata.labels?.[key] === now.metadata.labels?.[key]) continue;
    throw new LabError('Forbidden', `the label ${key} is set by the system`);
  }
  const { statusCheckUrl } = before.spec;
  if (statusCheckUrl === undefined || statusCheckUrl === '' || statusCheckUrl === now.spec.statusCheckUrl) return;
  throw new LabError('Forbidden', 'spec.statusCheckUrl says when an exam is over: only administrators change it');
}
