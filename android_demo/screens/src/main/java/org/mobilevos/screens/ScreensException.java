package org.mobilevos.screens;

/** Something in the app's resources, or on this machine, that cannot be drawn; the message names it. */
final class ScreensException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ScreensException(String message) {
        super(message);
    }

    ScreensException(String message, Throwable cause) {
        super(message, cause);
    }
}
