package org.mobilevos.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Leaves the graphs of a .tflite model out that are not going to be run. A runtime prepares every graph of a file, and
 * a GPU delegate compiles all of them, which for the twelve graphs of a model that follows up to four objects is most
 * of the memory and of the start. A flatbuffer holds its graphs as a list of offsets, so a shorter list hides the
 * others, and nothing has to be moved. Field numbers are those of TFLite's schema.
 */
public final class TfliteGraphs {
    private static final Charset UTF_8 = Charset.forName("UTF-8");
    private static final int MODEL_SUBGRAPHS = 2;
    private static final int MODEL_SIGNATURES = 7;
    private static final int SIGNATURE_KEY = 2;
    private static final int SIGNATURE_SUBGRAPH = 4;
    private static final int WORD = 4;
    private static final int SHORT = 2;
    private static final int NONE = -1;

    /** Where one graph is. */
    private static final class Graph {
        final int signature;
        final int subgraph;
        /** The position of the subgraph's number; none where it is 0, which a flatbuffer does not store. */
        final int number;

        Graph(int signature, int subgraph, int number) {
            this.signature = signature;
            this.subgraph = subgraph;
            this.number = number;
        }
    }

    private final ByteBuffer content;
    private final int subgraphs;
    private final int signatures;
    private final Map<String, Graph> graphs = new LinkedHashMap<String, Graph>();
    // A subgraph that is no signature is called by others, by a number that must not change.
    private final boolean divisible;

    /**
     * Indexes a model.
     *
     * @param model a flatbuffer whose checksum is right: positions in it are trusted
     * @throws ArtifactException the model has no signatures
     */
    public TfliteGraphs(ByteBuffer model) {
        content = model.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int root = content.getInt(0);
        subgraphs = vector(field(root, MODEL_SUBGRAPHS));
        signatures = vector(field(root, MODEL_SIGNATURES));
        int[] tables = tables(subgraphs);
        for (int signature : tables(signatures)) {
            int number = field(signature, SIGNATURE_SUBGRAPH);
            int subgraph = tables[number == NONE ? 0 : content.getInt(number)];
            graphs.put(name(signature), new Graph(signature, subgraph, number));
        }
        divisible = graphs.size() == tables.length;
    }

    /**
     * A model of some graphs, of the same size as the whole.
     *
     * @param names the graphs; the first becomes the model's primary graph where that is possible
     * @return direct, of the machine's byte order, position 0
     * @throws ArtifactException the file has no graph of one of the names
     */
    public ByteBuffer cut(Collection<String> names) {
        // A graph without a stored number can only be number 0.
        List<Graph> kept = new ArrayList<Graph>();
        for (String name : names) {
            Graph graph = graphs.get(name);
            if (graph == null) {
                throw new ArtifactException("the file has no graph '" + name + "'; export it again with vos-export");
            }
            kept.add(graph.number == NONE ? 0 : kept.size(), graph);
        }
        ByteBuffer model = ByteBuffer.allocateDirect(content.capacity()).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer whole = content.duplicate();
        whole.clear();
        model.put(whole);
        model.rewind();
        if (divisible) {
            int[] subgraphTables = new int[kept.size()];
            int[] signatureTables = new int[kept.size()];
            for (int number = 0; number < kept.size(); number++) {
                Graph graph = kept.get(number);
                if (graph.number != NONE) {
                    model.putInt(graph.number, number);
                }
                subgraphTables[number] = graph.subgraph;
                signatureTables[number] = graph.signature;
            }
            shorten(model, subgraphs, subgraphTables);
            shorten(model, signatures, signatureTables);
        }
        return model.order(ByteOrder.nativeOrder());
    }

    /** Makes a vector hold these tables, which are no more than it has had. */
    private static void shorten(ByteBuffer model, int vector, int[] tables) {
        model.putInt(vector, tables.length);
        for (int index = 0; index < tables.length; index++) {
            int position = vector + WORD * (index + 1);
            model.putInt(position, tables[index] - position);
        }
    }

    private String name(int signature) {
        int text = vector(field(signature, SIGNATURE_KEY));
        byte[] bytes = new byte[content.getInt(text)];
        for (int index = 0; index < bytes.length; index++) {
            bytes[index] = content.get(text + WORD + index);
        }
        return new String(bytes, UTF_8);
    }

    private int[] tables(int vector) {
        int[] tables = new int[content.getInt(vector)];
        for (int index = 0; index < tables.length; index++) {
            int element = vector + WORD * (index + 1);
            tables[index] = element + content.getInt(element);
        }
        return tables;
    }

    /** The position of a vector or a text, which begins with its length. */
    private int vector(int field) {
        if (field == NONE) {
            throw new ArtifactException("the model has no named graphs; export it again with vos-export");
        }
        return field + content.getInt(field);
    }

    /** The position of a table's field; none where it has its default. */
    private int field(int table, int number) {
        int layout = table - content.getInt(table);
        int entry = 2 * SHORT + SHORT * number; // after the sizes of the layout and of the table
        boolean known = entry < (content.getShort(layout) & 0xffff);
        int offset = known ? content.getShort(layout + entry) & 0xffff : 0;
        return offset == 0 ? NONE : table + offset;
    }
}
