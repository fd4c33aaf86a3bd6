package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import org.junit.Test;

/** What a user does on one frame, and what is selected then. */
public class SelectionTest {
    private static final int ID = 7;

    private static double iou(Selection selection, byte[] truth, int id) {
        byte[] wanted = new byte[truth.length];
        for (int pixel = 0; pixel < truth.length; pixel++) {
            wanted[pixel] = (byte) (truth[pixel] == id ? ID : 0);
        }
        return SelectionGoldens.iou(selection.mask().ids, wanted, ID);
    }

    private static Mask mask(SelectionGoldens.Case one, byte[] ids) {
        return new Mask(one.frame.width, one.frame.height, ids.clone());
    }

    @Test
    public void aBoxSelectsWhatFirstMaskFinds() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("juggle-ball");
        Selection selection = new Selection(one.frame, ID, null);
        assertTrue(selection.isEmpty());
        selection.box(one.boxes.get(0));
        assertFalse(selection.isEmpty() || selection.isGuessed());
        byte[] found = FirstMask.fromBoxes(one.frame, one.boxes).mask.ids;
        assertEquals(1, iou(selection, found, 1), 0);
    }

    @Test
    public void strokesAloneSelectTheObject() throws Exception {
        for (String name : new String[] {"juggle-man", "juggle-ball", "disks-0"}) {
            SelectionGoldens.Case one = SelectionGoldens.named(name);
            Selection selection = new Selection(one.frame, ID, null);
            one.paint(selection, 0, true);
            double found = iou(selection, one.truth, 1);
            System.out.println(name + " from a stroke: IoU with the true mask " + found);
            assertTrue(name + ": " + found, found > 0.85);
        }
    }

    @Test
    public void whatIsUnderAStrokeIsAsTheStrokeSays() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("disks-0");
        Selection selection = new Selection(one.frame, ID, null);
        selection.box(one.boxes.get(0));
        int width = one.frame.width;
        selection.stroke(new int[] {70}, new int[] {80}, 1, 5, false);
        assertEquals(0, selection.mask().ids[80 * width + 70]);
        selection.stroke(new int[] {70, 5, -30}, new int[] {80, 5, -30}, 3, 0, true);
        assertEquals(ID, selection.mask().ids[80 * width + 70]);
        assertEquals(ID, selection.mask().ids[5 * width + 5]);
        assertEquals(0, selection.mask().ids[84 * width + 70]);
    }

    @Test
    public void aPlusStrokeOnlyAddsAndAMinusStrokeOnlyTakesAway() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("juggle");
        Selection selection = new Selection(one.frame, ID, null);
        selection.box(one.boxes.get(0));
        byte[] box = selection.mask().ids.clone();
        one.paint(selection, 1, false);
        byte[] minus = selection.mask().ids.clone();
        one.paint(selection, 1, true);
        byte[] plus = selection.mask().ids;
        for (int pixel = 0; pixel < box.length; pixel++) {
            assertTrue(minus[pixel] == 0 || box[pixel] == ID);
            assertTrue(minus[pixel] == 0 || plus[pixel] == ID);
        }
    }

    @Test
    public void undoGoesBackStepByStep() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("disks-1");
        Selection selection = new Selection(one.frame, ID, null);
        selection.box(one.boxes.get(0));
        byte[] box = selection.mask().ids.clone();
        one.paint(selection, 1, true);
        byte[] both = selection.mask().ids.clone();
        assertEquals(1, SelectionGoldens.iou(box, both, 0), 0.05);
        selection.undo();
        assertArrayEquals(box, selection.mask().ids);
        one.paint(selection, 1, true);
        assertArrayEquals(both, selection.mask().ids);
        selection.undo();
        selection.undo();
        selection.undo();
        assertTrue(selection.isEmpty());
        assertEquals(0, selection.mask().objectIds().length);
    }

    @Test
    public void otherObjectsAreLeftAlone() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("juggle");
        byte[] man = one.truth.clone();
        for (int pixel = 0; pixel < man.length; pixel++) {
            man[pixel] = (byte) (man[pixel] == 1 ? 1 : 0);
        }
        Selection selection = new Selection(one.frame, ID, mask(one, man));
        selection.box(one.boxes.get(1));
        for (int pixel = 0; pixel < man.length; pixel++) {
            assertFalse(man[pixel] != 0 && selection.mask().ids[pixel] != 0);
        }
        double found = iou(selection, one.truth, 2);
        System.out.println("ball beside the man: IoU with the true mask " + found);
        assertTrue("ball: " + found, found > 0.85);
    }

    @Test
    public void anObjectThatIsThereIsCorrected() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("disks-0");
        byte[] half = one.truth.clone();
        for (int pixel = 0; pixel < half.length; pixel++) {
            half[pixel] = (byte) (one.truth[pixel] == 1 && pixel / one.frame.width < 80 ? ID : 0);
        }
        Selection selection = new Selection(one.frame, ID, mask(one, half));
        assertArrayEquals(half, selection.mask().ids);
        selection.stroke(new int[] {70}, new int[] {95}, 1, 4, true);
        assertTrue(iou(selection, one.truth, 1) > 0.95);
        selection.undo();
        assertArrayEquals(half, selection.mask().ids);
    }

    @Test
    public void aMinusStrokeAloneSelectsNothing() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("disks-0");
        Selection selection = new Selection(one.frame, ID, null);
        one.paint(selection, 0, false);
        assertTrue(selection.isEmpty());
    }

    @Test
    public void withoutContrastAnEllipseStandsInAndAPlusStrokeReplacesIt() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("even");
        Selection selection = new Selection(one.frame, ID, null);
        selection.box(one.boxes.get(0));
        assertTrue(selection.isGuessed());
        assertFalse(selection.isEmpty());
        selection.stroke(new int[] {40}, new int[] {50}, 1, 3, true);
        assertFalse(selection.isGuessed());
    }

    @Test
    public void strokesBeyondTheFrameDoNoHarm() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("disks-0");
        Selection selection = new Selection(one.frame, ID, null);
        selection.stroke(new int[] {-500, -400}, new int[] {-500, 9000}, 2, 10, true);
        assertTrue(selection.isEmpty());
    }

    @Test
    public void strokesAtTheEndsOfIntegersDoNoHarm() throws Exception {
        SelectionGoldens.Case one = SelectionGoldens.named("disks-0");
        Selection selection = new Selection(one.frame, ID, null);
        int[] ends = {Integer.MIN_VALUE, Integer.MAX_VALUE};
        selection.stroke(ends, ends, 2, 3, true); // goes through the frame's diagonal
        assertEquals(ID, selection.mask().ids[8 * one.frame.width + 8]);
        selection.stroke(new int[] {5}, new int[] {5}, 1, Integer.MAX_VALUE, false);
        assertTrue(selection.isEmpty());
    }

    @Test
    public void whatCannotBeUsedIsAnError() {
        final RgbImage frame = new RgbImage(40, 30);
        expect("cannot have the id 256", new Runnable() {
            @Override
            public void run() {
                new Selection(frame, 256, null);
            }
        });
        expect("is 30x40, the frame 40x30", new Runnable() {
            @Override
            public void run() {
                new Selection(frame, 1, new Mask(30, 40));
            }
        });
        expect("a stroke of 0 points", new Runnable() {
            @Override
            public void run() {
                new Selection(frame, 1, null).stroke(new int[0], new int[0], 0, 3, true);
            }
        });
        expect("under 4x4 pixels", new Runnable() {
            @Override
            public void run() {
                new Selection(frame, 1, null).box(new Box(0, 0, 3, 3));
            }
        });
    }

    private static void expect(String words, Runnable call) {
        try {
            call.run();
            fail(words);
        } catch (InvalidInputException error) {
            assertTrue(error.getMessage(), error.getMessage().contains(words));
        }
    }
}
