package org.mobilevos.demo.logic;

import java.util.Locale;

/** Times as people read them. */
public final class TimeText {
    private static final long MICROSECONDS = 1000000;

    private TimeText() {}

    /** Minutes, seconds and tenths: {@code 1:03.4}. */
    public static String of(long microseconds) {
        long tenths = microseconds * 10 / MICROSECONDS;
        return String.format(Locale.ROOT, "%d:%02d.%d", tenths / 600, tenths / 10 % 60, tenths % 10);
    }
}
