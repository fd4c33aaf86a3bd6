package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;

import org.junit.Test;

public class NewestTest {
    private final Newest<String> newest = new Newest<String>();

    @Test
    public void givesEachThingOnce() {
        assertNull(newest.take());
        assertNull(newest.put("a"));
        assertEquals("a", newest.take());
        assertNull(newest.take());
        assertEquals(0, newest.replaced());
    }

    @Test
    public void givesBackWhatIsReplaced() {
        newest.put("a");
        assertEquals("a", newest.put("b"));
        assertEquals("b", newest.put("c"));
        assertEquals(2, newest.replaced());
        assertEquals("c", newest.take());
        assertNull(newest.put("d"));
        assertEquals(0, newest.replaced());
    }

    @Test
    public void canBeEmptied() {
        newest.put("a");
        assertEquals("a", newest.put(null));
        assertNull(newest.take());
    }
}
