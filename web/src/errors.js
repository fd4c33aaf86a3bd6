/** The errors that a user sees: each message names the remedy. */

/** Base of every error that these modules throw on purpose. */
export class MobileVOSError extends Error {}

/** An artifact that is truncated, of another program or of a newer format, or that its runtime refuses. */
export class ArtifactError extends MobileVOSError {}

/** A frame or a mask that cannot be used. */
export class InvalidInputError extends MobileVOSError {}

/** Something that the page needs of its browser or its server, and that is not there. */
export class RuntimeMissingError extends MobileVOSError {}
