package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import org.junit.Test;

public final class CameraFlowTest {
    private final CameraFlow flow = new CameraFlow();

    @Test
    public void oneObjectAfterAnother() {
        assertTrue(flow.select());
        assertTrue(flow.frozen());
        assertTrue(flow.accept());
        assertEquals(CameraFlow.State.FOLLOWING, flow.state());
        assertTrue(flow.add(1, 4));
        assertTrue(flow.frozen());
        assertTrue(flow.accept());
        assertTrue(flow.correct());
        assertTrue(flow.cancel());
        assertEquals(CameraFlow.State.FOLLOWING, flow.state());
    }

    @Test
    public void theModelsMostObjectsAreTheMost() {
        flow.select();
        flow.accept();
        assertFalse(flow.add(4, 4));
        assertEquals(CameraFlow.State.FOLLOWING, flow.state());
    }

    @Test
    public void lateTouchesChangeNothing() {
        assertFalse(flow.accept());
        assertFalse(flow.cancel());
        assertFalse(flow.correct());
        assertFalse(flow.add(0, 4));
        assertEquals(CameraFlow.State.PREVIEW, flow.state());
        flow.select();
        assertFalse(flow.select());
        assertFalse(flow.correct());
        assertEquals(CameraFlow.State.SELECTING, flow.state());
    }

    @Test
    public void theFirstSelectionIsGivenUpForThePreview() {
        flow.select();
        flow.cancel();
        assertEquals(CameraFlow.State.PREVIEW, flow.state());
        flow.select();
        flow.accept();
        flow.reset();
        assertEquals(CameraFlow.State.PREVIEW, flow.state());
    }
}
