package org.mobilevos.demo.logic;

/**
 * What the Camera tab is doing, and what may come next. A call that does not belong to the present state changes
 * nothing and says so, since a touch may come late.
 */
public final class CameraFlow {
    /** What the tab is doing. */
    public enum State {
        /** Live pictures; nothing is followed. */
        PREVIEW,
        /** A frozen frame on which the first object is marked. */
        SELECTING,
        /** Objects are followed. */
        FOLLOWING,
        /** A frozen frame on which one more object is marked. */
        ADDING,
        /** A frozen frame on which an object's mask is put right. */
        CORRECTING
    }

    private State state = State.PREVIEW;

    public State state() {
        return state;
    }

    /** Whether the picture stands still. */
    public boolean frozen() {
        return state == State.SELECTING || state == State.ADDING || state == State.CORRECTING;
    }

    /** The user begins to mark the first object. */
    public boolean select() {
        return change(state == State.PREVIEW, State.SELECTING);
    }

    /**
     * The user wants one more object.
     *
     * @param objects that are followed
     * @param most that the model follows
     */
    public boolean add(int objects, int most) {
        return change(state == State.FOLLOWING && objects < most, State.ADDING);
    }

    /** The user wants to put an object's mask right. */
    public boolean correct() {
        return change(state == State.FOLLOWING, State.CORRECTING);
    }

    /** The mask on the frozen frame is as the user wants it. */
    public boolean accept() {
        return change(frozen(), State.FOLLOWING);
    }

    /** The mask on the frozen frame is given up. */
    public boolean cancel() {
        return change(frozen(), state == State.SELECTING ? State.PREVIEW : State.FOLLOWING);
    }

    /** Nothing is followed any more: the last object was dropped, the user began anew, or the model was changed. */
    public void reset() {
        state = State.PREVIEW;
    }

    private boolean change(boolean allowed, State next) {
        if (allowed) {
            state = next;
        }
        return allowed;
    }
}
