import { marked } from '@crownlabs/api';
import { z } from 'zod';
import { text } from './unrealised.ts';

/** Why no machine moves. */
export const NOWHERE_TO_GO = 'there is no other machine to move to: stop the machine and start it again';

/** Which machine should move. Said so that whoever asks is told more than that nobody knows of moving. */
export const MigrationSpec = marked(z.object({ vmiName: text.optional() }), {
  rules: [{ rule: 'false', message: NOWHERE_TO_GO, reason: 'FieldValueForbidden' }],
});

/** How far it is. */
export const MigrationStatus = z.object({ phase: text.optional() });
