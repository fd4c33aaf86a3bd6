package org.mobilevos.core;

import static org.junit.Assert.assertEquals;

import java.util.Random;
import org.junit.Test;

/** The cut of a grid is the cheapest of all cuts, which a small grid lets one try. */
public class GridCutTest {
    private static final int WIDTH = 4;
    private static final int HEIGHT = 3;
    private static final int PIXELS = WIDTH * HEIGHT;

    private final int[] terminals = new int[PIXELS];
    /** Of each pixel, its links in the four even directions; -1 where there is no neighbour. */
    private final int[][] links = new int[PIXELS][4];

    @Test
    public void noOtherCutIsCheaper() {
        Random random = new Random(1);
        GridCut grid = new GridCut(WIDTH, HEIGHT);
        for (int trial = 0; trial < 300; trial++) {
            draw(random, trial % 3 == 0 ? 3 : 20);
            grid.clear();
            int found = cut(grid);
            long least = Long.MAX_VALUE;
            for (int sides = 0; sides < 1 << PIXELS; sides++) {
                least = Math.min(least, cost(sides));
            }
            assertEquals("trial " + trial, least, cost(found));
        }
    }

    @Test
    public void withoutALinkPixelsAreOnTheSinksSide() {
        GridCut grid = new GridCut(WIDTH, HEIGHT);
        grid.addTerminal(1, 1, 5);
        grid.cut();
        for (int pixel = 0; pixel < PIXELS; pixel++) {
            assertEquals(pixel == WIDTH + 1, grid.isSource(pixel % WIDTH, pixel / WIDTH));
        }
    }

    private void draw(Random random, int most) {
        for (int pixel = 0; pixel < PIXELS; pixel++) {
            terminals[pixel] = random.nextInt(2 * most + 1) - most;
            for (int half = 0; half < 4; half++) {
                links[pixel][half] = neighbour(pixel, half) < 0 ? -1 : random.nextInt(most);
            }
        }
    }

    private static int neighbour(int pixel, int half) {
        int x = pixel % WIDTH + GridCut.COLUMNS[2 * half];
        int y = pixel / WIDTH + GridCut.ROWS[2 * half];
        return x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT ? -1 : y * WIDTH + x;
    }

    /** The pixels on the source's side, as bits. */
    private int cut(GridCut grid) {
        for (int pixel = 0; pixel < PIXELS; pixel++) {
            grid.addTerminal(pixel % WIDTH, pixel / WIDTH, terminals[pixel]);
            for (int half = 0; half < 4; half++) {
                if (links[pixel][half] >= 0) {
                    grid.link(pixel % WIDTH, pixel / WIDTH, 2 * half, links[pixel][half]);
                }
            }
        }
        grid.cut();
        int sides = 0;
        for (int pixel = 0; pixel < PIXELS; pixel++) {
            sides |= grid.isSource(pixel % WIDTH, pixel / WIDTH) ? 1 << pixel : 0;
        }
        return sides;
    }

    private long cost(int sides) {
        long cost = 0;
        for (int pixel = 0; pixel < PIXELS; pixel++) {
            boolean source = (sides >> pixel & 1) == 1;
            cost += source ? Math.max(-terminals[pixel], 0) : Math.max(terminals[pixel], 0);
            for (int half = 0; half < 4; half++) {
                int other = neighbour(pixel, half);
                if (other >= 0 && source != ((sides >> other & 1) == 1)) {
                    cost += links[pixel][half];
                }
            }
        }
        return cost;
    }
}
