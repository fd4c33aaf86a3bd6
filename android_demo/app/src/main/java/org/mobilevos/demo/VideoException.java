package org.mobilevos.demo;

import org.mobilevos.core.MobileVosException;

/** A video that cannot be read or written. */
final class VideoException extends MobileVosException {
    private static final long serialVersionUID = 1L;

    VideoException(String message) {
        super(message);
    }

    VideoException(String message, Throwable cause) {
        super(message, cause);
    }
}
