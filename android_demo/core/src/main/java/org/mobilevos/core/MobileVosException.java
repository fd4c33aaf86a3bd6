package org.mobilevos.core;

/** Base of every error that this library raises on purpose: the message says what is wrong and names the remedy. */
public class MobileVosException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public MobileVosException(String message) {
        super(message);
    }

    public MobileVosException(String message, Throwable cause) {
        super(message, cause);
    }
}
