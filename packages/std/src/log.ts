/** Values that a log line may carry beside its message. Never a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A structured logger. Messages start with a capital, past tense for outcomes, and name the kind. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines carry `fields` as well. */
  child(fields: LogFields): Logger;
}

/** One line of a log, as a sink receives it. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that hands each line to `sink`. */
export function logger(sink: (line: LogLine) => void, bound: LogFields = {}): Logger {
  const at = (level: LogLine['level']) => (message: string, fields?: LogFields) =>
    sink({ level, message, fields: fields ? { ...bound, ...fields } : bound });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => logger(sink, { ...bound, ...fields }),
  };
}

/** A logger that says nothing. */
export const silent: Logger = logger(() => undefined);
