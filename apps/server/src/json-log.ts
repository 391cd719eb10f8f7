import { type Logger, type LogLine, logger } from '@crownlabs/std';

const ORDER = ['debug', 'info', 'warn', 'error'] as const;

/** A logger that prints one JSON object a line on standard output, from `least` on. The supervisor makes it readable and keeps it. */
export function jsonLogger(least: LogLine['level']): Logger {
  const from = ORDER.indexOf(least);
  return logger(({ level, message, fields }) => {
    if (ORDER.indexOf(level) < from) return;
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  });
}
