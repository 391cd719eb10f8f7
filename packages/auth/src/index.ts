export {
  type Access,
  type AccessOptions,
  type Changed,
  createAccess,
  type Held,
  type InstanceKey,
  type Review,
} from './access.ts';
export { ACTIONS, type Action, type Attributes } from './actions.ts';
export { type BearerOptions, bearerCheck, bearerOf, type Fetch } from './bearer.ts';
export { createKeepTickets, type KeepTickets } from './keep-ticket.ts';
export { GROUP_PREFIX, isAdmin, type Membership, type Person, personOf, reviewedUser, withLiveGroups } from './person.ts';
export { socketFetch } from './socket-fetch.ts';
export { challengeOf, createTickets, type TicketGrant, type Tickets } from './ticket.ts';
export { createUseReports, type UseReports } from './use-reports.ts';
