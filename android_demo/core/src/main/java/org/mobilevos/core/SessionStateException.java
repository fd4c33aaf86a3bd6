package org.mobilevos.core;

/** A call that is not possible in the session's present state. */
public final class SessionStateException extends MobileVosException {
    private static final long serialVersionUID = 1L;

    public SessionStateException(String message) {
        super(message);
    }

    public SessionStateException(String message, Throwable cause) {
        super(message, cause);
    }
}
