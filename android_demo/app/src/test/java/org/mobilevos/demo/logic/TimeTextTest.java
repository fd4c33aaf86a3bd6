package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;

import org.junit.Test;

public final class TimeTextTest {
    @Test
    public void minutesSecondsAndTenths() {
        assertEquals("0:00.0", TimeText.of(0));
        assertEquals("1:03.4", TimeText.of(63449999));
        assertEquals("61:00.0", TimeText.of(3660L * 1000000));
    }
}
