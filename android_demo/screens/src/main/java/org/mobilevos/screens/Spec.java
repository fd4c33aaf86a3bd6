package org.mobilevos.screens;

/** What a parent says of one side of a child, as Android's MeasureSpec. */
record Spec(Mode mode, int size) {
    enum Mode {
        /** It is so long. */
        EXACTLY,
        /** It is so long at most. */
        AT_MOST,
        /** It is as long as it wishes. */
        FREE
    }

    /** The layout parameters match_parent and wrap_content; others are pixels. */
    static final int MATCH = -1;
    static final int WRAP = -2;

    static Spec exactly(int size) {
        return new Spec(Mode.EXACTLY, Math.max(0, size));
    }

    static Spec free() {
        return new Spec(Mode.FREE, 0);
    }

    /** For a child with a layout parameter, in a parent that has used some pixels. */
    Spec child(int used, int parameter) {
        int left = Math.max(0, size - used);
        if (parameter >= 0) {
            return exactly(parameter);
        }
        if (mode == Mode.FREE) {
            return free();
        }
        return new Spec(mode == Mode.EXACTLY && parameter == MATCH ? Mode.EXACTLY : Mode.AT_MOST, left);
    }

    /** The side of a view that wishes to be so long. */
    int resolve(int wish) {
        return switch (mode) {
            case EXACTLY -> size;
            case AT_MOST -> Math.min(size, wish);
            case FREE -> wish;
        };
    }
}
