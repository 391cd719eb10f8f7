import { type Clock, LabError, rfc3339 } from '@crownlabs/std';
import type { VirtualHandler } from '../authz/index.ts';
import type { AdmissionCall } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { textAt, textsAt } from '../json-read.ts';
import type { UserInfo } from '../user.ts';
import { type AuthenticatorOptions, authenticated, identify } from './authenticator.ts';
import type { TokenIdentity } from './identity.ts';

const GROUP = 'authentication.k8s.io';

/** SelfSubjectReview (who am I) and TokenReview (whose token is this). */
export function identityReviews(options: AuthenticatorOptions, clock: Clock): readonly VirtualHandler[] {
  return [
    {
      group: GROUP,
      kind: 'SelfSubjectReview',
      resource: 'selfsubjectreviews',
      create: async (call) => ({
        ...call.object,
        metadata: { creationTimestamp: rfc3339(clock.now()) },
        status: { userInfo: userJson(call.user) },
      }),
    },
    { group: GROUP, kind: 'TokenReview', resource: 'tokenreviews', create: (call) => reviewToken(options, call) },
  ];
}

async function reviewToken(options: AuthenticatorOptions, call: AdmissionCall): Promise<JsonObject> {
  const token = textAt(call.object, 'spec', 'token');
  if (!token) throw new LabError('BadRequest', 'token is required for TokenReview in authentication');
  const asked = textsAt(call.object, 'spec', 'audiences');
  const wanted = asked.length > 0 ? asked : options.audiences;
  const status = await identify(options, token, wanted).then(found, (error: unknown) => ({ user: {}, error: refusalText(error) }));
  return { ...call.object, status };
}

const INVALID = 'invalid bearer token';

/** Who may ask about tokens may also hear what is wrong with one, if anybody knew it at all. */
function refusalText(error: unknown): string {
  const cause = error instanceof LabError ? error.cause : undefined;
  return cause instanceof Error ? `[${INVALID}, ${cause.message}]` : INVALID;
}

function found({ user, audiences }: TokenIdentity): JsonObject {
  return { authenticated: true, user: userJson(authenticated(user)), audiences: [...audiences] };
}

/** A user as reviews and admission requests show it. */
export function userJson({ username, uid, groups, extra }: UserInfo): JsonObject {
  const json: JsonObject = { username };
  if (uid) json['uid'] = uid;
  if (groups.length > 0) json['groups'] = [...groups];
  if (extra)
    json['extra'] = Object.fromEntries(
      Object.keys(extra)
        .toSorted()
        .map((key) => [key, [...(extra[key] ?? [])]]),
    );
  return json;
}
