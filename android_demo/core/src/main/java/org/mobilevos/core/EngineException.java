package org.mobilevos.core;

/** A runtime that is missing, or that cannot load or run a graph. */
public final class EngineException extends MobileVosException {
    private static final long serialVersionUID = 1L;

    public EngineException(String message) {
        super(message);
    }

    public EngineException(String message, Throwable cause) {
        super(message, cause);
    }
}
