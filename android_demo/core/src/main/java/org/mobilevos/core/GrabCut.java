package org.mobilevos.core;

/**
 * Splits a picture into object and background (Rother, Kolmogorov and Blake, SIGGRAPH 2004): colour models of both
 * sides and the cheapest cut between them, in turn.
 */
final class GrabCut {
    /** What is known of a pixel. The lowest bit says which side it is on; only the probable ones may change it. */
    static final byte BACKGROUND = 0;
    static final byte FOREGROUND = 1;
    static final byte PROBABLY_BACKGROUND = 2;
    static final byte PROBABLY_FOREGROUND = 3;
    /** Of another object, which may look like either side: nobody learns from it, and nothing is linked with it. */
    static final byte IGNORED = 4;

    // The paper's gamma: how much a border costs between pixels of one colour.
    private static final double SMOOTHNESS = 50;
    // Costs are whole numbers for the cut, this many for each of the paper's units.
    private static final double UNIT = 1024;
    // More than all links of a pixel together cost; keeps sums far from an integer's ends.
    private static final double MOST = 9 * SMOOTHNESS;

    private final RgbImage image;
    private final byte[] labels;
    private final GridCut grid;
    /** Of each pixel, what the borders to its neighbours in the even directions cost. */
    private final int[] borders;
    private final byte[] componentOf;
    private final ColourModel[] models = {new ColourModel(), new ColourModel()};
    private final int[][] pixels;
    private final int[] counts = new int[2];

    private GrabCut(RgbImage image, byte[] labels) {
        this.image = image;
        this.labels = labels;
        grid = new GridCut(image.width, image.height);
        borders = borders();
        componentOf = new byte[labels.length];
        pixels = new int[2][labels.length];
    }

    /**
     * Splits a picture.
     *
     * @param labels what is known of each pixel; the probable ones get the side that is found for them. Nothing changes
     *     where one side has no pixel at all
     */
    static void run(RgbImage image, byte[] labels, int iterations) {
        GrabCut cut = new GrabCut(image, labels);
        cut.gather();
        for (int iteration = 0; iteration < iterations && cut.counts[0] > 0 && cut.counts[1] > 0; iteration++) {
            cut.learn(iteration == 0);
            cut.split();
            cut.gather();
        }
    }

    /** Whether a label says that the pixel belongs to the object. */
    static boolean isObject(byte label) {
        return (label & 1) == 1;
    }

    private static boolean isOpen(byte label) {
        return label == PROBABLY_BACKGROUND || label == PROBABLY_FOREGROUND;
    }

    private void gather() {
        counts[0] = 0;
        counts[1] = 0;
        for (int pixel = 0; pixel < labels.length; pixel++) {
            if (labels[pixel] != IGNORED) {
                int side = labels[pixel] & 1;
                pixels[side][counts[side]++] = pixel;
            }
        }
    }

    private void learn(boolean first) {
        for (int side = 0; side < 2; side++) {
            if (first) {
                ColourClusters.split(image.pixels, pixels[side], counts[side], ColourModel.COMPONENTS, componentOf);
            } else {
                models[side].assign(image.pixels, pixels[side], counts[side], componentOf);
            }
            models[side].learn(image.pixels, pixels[side], counts[side], componentOf);
        }
    }

    private void split() {
        grid.clear();
        for (int pixel = 0; pixel < labels.length; pixel++) {
            if (isOpen(labels[pixel])) {
                connect(pixel, pixel % image.width, pixel / image.width);
            }
        }
        grid.cut();
        for (int pixel = 0; pixel < labels.length; pixel++) {
            if (isOpen(labels[pixel])) {
                boolean object = grid.isSource(pixel % image.width, pixel / image.width);
                labels[pixel] = object ? PROBABLY_FOREGROUND : PROBABLY_BACKGROUND;
            }
        }
    }

    /** A neighbour whose side is known is as good as its terminal, so that such pixels are not part of the cut. */
    private void connect(int pixel, int x, int y) {
        double cost = models[0].cost(image.pixels, pixel) - models[1].cost(image.pixels, pixel);
        // A colour that is impossible on both sides, whose cost is no number, becomes 0.
        grid.addTerminal(x, y, (int) Math.round(Math.max(-MOST, Math.min(MOST, cost)) * UNIT));
        for (int direction = 0; direction < GridCut.DIRECTIONS; direction++) {
            int column = x + GridCut.COLUMNS[direction];
            int row = y + GridCut.ROWS[direction];
            if (column < 0 || row < 0 || column >= image.width || row >= image.height) {
                continue;
            }
            int other = row * image.width + column;
            boolean even = (direction & 1) == 0;
            int border = borders[(even ? pixel : other) * 4 + direction / 2];
            if (labels[other] == FOREGROUND) {
                grid.addTerminal(x, y, border);
            } else if (labels[other] == BACKGROUND) {
                grid.addTerminal(x, y, -border);
            } else if (even && isOpen(labels[other])) {
                grid.link(x, y, direction, border);
            }
        }
    }

    private int[] borders() {
        int[] differences = new int[labels.length * 4];
        double sum = 0;
        long pairs = 0;
        for (int pixel = 0; pixel < labels.length; pixel++) {
            for (int half = 0; half < 4; half++) {
                int column = pixel % image.width + GridCut.COLUMNS[2 * half];
                int row = pixel / image.width + GridCut.ROWS[2 * half];
                if (column >= 0 && row >= 0 && column < image.width) {
                    int difference = difference(pixel, row * image.width + column);
                    differences[pixel * 4 + half] = difference;
                    sum += difference;
                    pairs++;
                }
            }
        }
        double beta = sum > 0 ? pairs / (2 * sum) : 0;
        for (int index = 0; index < differences.length; index++) {
            int half = index % 4;
            double length = GridCut.COLUMNS[2 * half] != 0 && GridCut.ROWS[2 * half] != 0 ? Math.sqrt(2) : 1;
            differences[index] =
                    (int) Math.round(SMOOTHNESS * UNIT / length * Math.exp(-beta * differences[index]));
        }
        return differences;
    }

    /** The squared distance of two pixels' colours. */
    private int difference(int pixel, int other) {
        int sum = 0;
        for (int channel = 0; channel < RgbImage.CHANNELS; channel++) {
            int difference = (image.pixels[pixel * RgbImage.CHANNELS + channel] & 0xff)
                    - (image.pixels[other * RgbImage.CHANNELS + channel] & 0xff);
            sum += difference * difference;
        }
        return sum;
    }
}
