package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.util.Arrays;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;

/** First masks from boxes: as good as those that Python makes with OpenCV's GrabCut, and the same errors. */
public class FirstMaskTest {
    // Two programs whose k-means start elsewhere; OpenCV itself differs as much from one seed to the next.
    private static final double LEAST_AGREEMENT = 0.9;
    private static final double MOST_WORSE = 0.02;

    @Test
    public void masksAgreeWithPythons() throws Exception {
        for (SelectionGoldens.Case one : SelectionGoldens.cases()) {
            FirstMask found = FirstMask.fromBoxes(one.frame, one.boxes);
            for (int id = 1; id <= one.boxes.size(); id++) {
                double agreement = SelectionGoldens.iou(found.mask.ids, one.python, id);
                System.out.println(one.name + " box " + id + ": IoU with Python's " + agreement);
                assertTrue(one.name + " " + id + ": " + agreement, agreement >= LEAST_AGREEMENT);
            }
            assertArrayEquals(one.name, one.guessed, found.guessed);
        }
    }

    @Test
    public void manAndBallAreFoundAsWellAsByPython() throws Exception {
        for (String name : Arrays.asList("juggle-man", "juggle-ball")) {
            SelectionGoldens.Case one = SelectionGoldens.named(name);
            double ours = SelectionGoldens.iou(FirstMask.fromBoxes(one.frame, one.boxes).mask.ids, one.truth, 1);
            double pythons = SelectionGoldens.iou(one.python, one.truth, 1);
            assertTrue(name + ": " + ours + ", Python's " + pythons, ours >= pythons - MOST_WORSE);
        }
    }

    @Test
    public void theSameBoxGivesTheSameMask() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("juggle-ball");
        byte[] first = FirstMask.fromBoxes(one.frame, one.boxes).mask.ids;
        assertArrayEquals(first, FirstMask.fromBoxes(one.frame, one.boxes).mask.ids);
    }

    @Test
    public void aBoxOfTheWholeFrameWorks() {
        RgbImage frame = new RgbImage(60, 40);
        for (int pixel = 0; pixel < 60 * 40; pixel++) {
            int x = pixel % 60 - 30;
            int y = pixel / 60 - 20;
            frame.pixels[pixel * 3 + (x * x + y * y < 225 ? 0 : 1)] = (byte) (200 + pixel * 7 % 11);
        }
        FirstMask found = FirstMask.fromBoxes(frame, Arrays.asList(new Box(0, 0, 60, 40)));
        assertEquals(0, found.guessed.length);
        for (int pixel = 0; pixel < 60 * 40; pixel++) {
            assertEquals(frame.pixels[pixel * 3] != 0, found.mask.ids[pixel] != 0);
        }
    }

    @Test
    public void errorsHavePythonsWords() throws Exception {
        JSONArray errors = SelectionGoldens.index().getJSONArray("errors");
        assertEquals(6, errors.length());
        for (int index = 0; index < errors.length(); index++) {
            JSONObject error = errors.getJSONObject(index);
            try {
                FirstMask.fromBoxes(new RgbImage(error.getInt("width"), error.getInt("height")),
                        SelectionGoldens.boxes(error.getJSONArray("boxes")));
                fail(error.getString("message"));
            } catch (InvalidInputException raised) {
                assertEquals(error.getString("message"), raised.getMessage());
            }
        }
    }
}
