/** What the book stage counts between two ends of a batch: indexes of its counts. */

/** Events taken, whatever became of them. */
export const EVENTS = 0;
/** Changes told to the book sink. */
export const CHANGES = 1;
/** Messages for an order that does not rest. */
export const UNKNOWN = 2;
/** Adds whose id was live. */
export const DUPLICATES = 3;
/** Executions of more than rested. */
export const OVER_EXECUTIONS = 4;
/** Cancels of more than rested. */
export const OVER_CANCELS = 5;
/** Messages of quantity 0. */
export const ZERO = 6;
/** Changes refused for want of room. */
export const REFUSALS = 7;
/** Orders said to be executed whole with less than rested. */
export const SHORT_EXECUTIONS = 8;
/** How many counts there are. */
export const TALLIES = 9;
