package org.mobilevos.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** The first mask from boxes, where the user has none: GrabCut, as {@code mobilevos_sdk.first_mask} does it. */
public final class FirstMask {
    /** Ids at the frame's size: 1 for the first box, 2 for the second, and so on. */
    public final Mask mask;
    /** Ids whose outline was not found, and that have an ellipse instead; in ascending order. */
    public final int[] guessed;

    private FirstMask(Mask mask, int[] guessed) {
        this.mask = mask;
        this.guessed = guessed;
    }

    /**
     * Finds one object in each box; where boxes overlap, the smaller box's object lies on top.
     *
     * @param boxes rectangles drawn a little larger than their objects
     * @throws InvalidInputException no box, a box outside the frame or too small, or one object hides another
     * completely
     */
    public static FirstMask fromBoxes(RgbImage frame, List<Box> boxes) {
        if (boxes.isEmpty() || boxes.size() > Constants.MAX_BOXES) {
            throw new InvalidInputException(
                    boxes.size() + " boxes were given; give 1 to " + Constants.MAX_BOXES);
        }
        for (Box box : boxes) {
            check(box, frame);
        }
        Mask mask = new Mask(frame.width, frame.height);
        int[] guessed = new int[boxes.size()];
        int count = 0;
        for (int index : largestFirst(boxes)) {
            Box box = boxes.get(index);
            byte[] found = find(frame, box, boxes);
            if (isFailure(found, box)) {
                found = ellipse(box);
                guessed[count++] = index + 1;
            }
            for (int pixel = 0; pixel < found.length; pixel++) {
                if (found[pixel] != 0) {
                    mask.ids[box.pixelOf(pixel, frame.width)] = (byte) (index + 1);
                }
            }
        }
        checkNoneHidden(mask, boxes);
        guessed = Arrays.copyOf(guessed, count);
        Arrays.sort(guessed);
        return new FirstMask(mask, guessed);
    }

    static void check(Box box, RgbImage frame) {
        if (Math.min(box.width, box.height) < Constants.LEAST_SIDE) {
            throw new InvalidInputException("box " + box + " is under " + Constants.LEAST_SIDE + "x"
                    + Constants.LEAST_SIDE + " pixels; draw it around the object");
        }
        if (box.x < 0 || box.y < 0 || box.x > frame.width - box.width || box.y > frame.height - box.height) {
            throw new InvalidInputException("box " + box + " leaves the frame of " + frame.width + "x" + frame.height
                    + "; a box is x,y,width,height in pixels from the top left");
        }
    }

    /** Whether a result, as {@link #find} gives it, fills so little of its box that the ellipse is better. */
    static boolean isFailure(byte[] found, Box box) {
        int area = 0;
        for (byte value : found) {
            area += value;
        }
        return area < Constants.LEAST_FILL * box.area();
    }

    /** The ellipse in a box: 1 inside, 0 outside, row by row of the box. */
    static byte[] ellipse(Box box) {
        byte[] ellipse = new byte[box.width * box.height];
        double across = Math.max(Math.rint(box.width * Constants.ELLIPSE_SHARE / 2), 1);
        double down = Math.max(Math.rint(box.height * Constants.ELLIPSE_SHARE / 2), 1);
        for (int pixel = 0; pixel < ellipse.length; pixel++) {
            double x = (pixel % box.width - box.width / 2) / across;
            double y = (pixel / box.width - box.height / 2) / down;
            ellipse[pixel] = (byte) (x * x + y * y <= 1 ? 1 : 0);
        }
        return ellipse;
    }

    private static byte[] find(RgbImage frame, Box box, List<Box> boxes) {
        CutOut cut = new CutOut(frame, CutOut.surroundings(box, frame.width, frame.height));
        // Other objects may look like this one (three cups): their boxes say nothing about the background.
        for (Box known : boxes) {
            cut.label(known, GrabCut.PROBABLY_FOREGROUND);
        }
        byte[] all = cut.find(Constants.LEAST_PIECE);
        byte[] found = new byte[box.width * box.height];
        for (int y = 0; y < box.height; y++) {
            int from = (box.y - cut.part.y + y) * cut.part.width + box.x - cut.part.x;
            System.arraycopy(all, from, found, y * box.width, box.width);
        }
        return found;
    }

    /** The numbers of the boxes; those of one size in their own order. */
    private static List<Integer> largestFirst(final List<Box> boxes) {
        List<Integer> order = new ArrayList<Integer>();
        for (int index = 0; index < boxes.size(); index++) {
            order.add(index);
        }
        Collections.sort(order, new Comparator<Integer>() {
            @Override
            public int compare(Integer one, Integer other) {
                return Long.compare(boxes.get(other).area(), boxes.get(one).area());
            }
        });
        return order;
    }

    private static void checkNoneHidden(Mask mask, List<Box> boxes) {
        int[] left = mask.objectIds();
        for (int index = 0; index < boxes.size(); index++) {
            if (Arrays.binarySearch(left, index + 1) < 0) {
                throw new InvalidInputException("nothing is left of the object in box " + boxes.get(index)
                        + ", others hide it; move them apart");
            }
        }
    }
}
