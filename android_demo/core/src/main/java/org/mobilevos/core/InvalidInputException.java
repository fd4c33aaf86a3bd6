package org.mobilevos.core;

/** A frame, mask, option or object id that cannot be used. */
public final class InvalidInputException extends MobileVosException {
    private static final long serialVersionUID = 1L;

    public InvalidInputException(String message) {
        super(message);
    }

    public InvalidInputException(String message, Throwable cause) {
        super(message, cause);
    }
}
