package org.mobilevos.core;

/** An artifact that is missing, truncated, of another program or of a newer format. */
public final class ArtifactException extends MobileVosException {
    private static final long serialVersionUID = 1L;

    public ArtifactException(String message) {
        super(message);
    }

    public ArtifactException(String message, Throwable cause) {
        super(message, cause);
    }
}
